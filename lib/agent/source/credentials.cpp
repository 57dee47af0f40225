#include "source/credentials.hpp"

#include "io/secrets.hpp"

#include <utility>

namespace otpctl::source {
namespace {

Result<Secret> read_now(const config::SecretSource& where) {
  using Kind = config::SecretSource::Kind;
  switch (where.kind) {
    case Kind::file: return io::read_secret_file(where.name);
    case Kind::credential: return io::read_credential(where.name);
    case Kind::env: return io::read_secret_variable(where.name);
    case Kind::command:
    case Kind::none: break;
  }
  return fail(ErrorCode::config, "no password and no token is configured");
}

}  // namespace

FetchingCredentials::FetchingCredentials(io::Loop& loop, const config::Mailbox& mailbox,
                                         std::function<void(Result<imap::Credentials>)> done)
    : done_(std::move(done)),
      user_(mailbox.user),
      bearer_(mailbox.token.kind != config::SecretSource::Kind::none) {
  const auto& where = bearer_ ? mailbox.token : mailbox.password;
  if (where.kind == config::SecretSource::Kind::command) {
    running_ = std::make_unique<io::Running>(loop, where.command,
                                             [this](Result<Secret> secret) { finish(std::move(secret)); });
    return;
  }
  auto secret = std::make_shared<Result<Secret>>(read_now(where));
  loop.post([this, secret, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) finish(std::move(*secret));
  });
}

void FetchingCredentials::finish(Result<Secret> secret) {
  auto done = std::move(done_);
  if (!secret) {
    done(fail(secret.error()));
  } else if (bearer_) {
    done(imap::Credentials(imap::Bearer{user_, std::move(*secret)}));
  } else {
    done(imap::Credentials(imap::Password{user_, std::move(*secret)}));
  }
}

}  // namespace otpctl::source
