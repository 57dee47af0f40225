#include "source/fetch_one.hpp"

#include "base/text.hpp"
#include "io/connect.hpp"
#include "io/loop.hpp"
#include "io/pump.hpp"
#include "source/connect_options.hpp"
#include "source/credentials.hpp"

#include <utility>
#include <variant>

namespace otpctl::source {
namespace {

class Fetching {
 public:
  Fetching(io::Loop& loop, const config::Mailbox& mailbox, std::string folder, imap::Place place, Duration within)
      : loop_(loop), mailbox_(mailbox), folder_(std::move(folder)), place_(place), timer_(loop) {
    timer_.set(loop.now().instant + within, [this, within] {
      finish(fail(ErrorCode::source_unreachable, mailbox_.host + " gave no message within " + format_duration(within)));
    });
    credentials_ = std::make_unique<FetchingCredentials>(
        loop, mailbox, [this](Result<imap::Credentials> credentials) { connect(std::move(credentials)); });
  }

  Result<imap::Mail> take() { return std::move(*result_); }

 private:
  void connect(Result<imap::Credentials> credentials) {
    if (!credentials) return finish(fail(credentials.error()));
    auto shared = std::make_shared<imap::Credentials>(std::move(*credentials));
    connecting_ = std::make_unique<io::Connecting>(
        loop_, connect_options(mailbox_), [this, shared](Result<std::unique_ptr<io::Stream>> stream) {
          run(std::move(stream), std::move(*shared));
        });
  }

  void run(Result<std::unique_ptr<io::Stream>> stream, imap::Credentials credentials) {
    if (!stream) return finish(fail(as_unreachable(stream.error())));
    imap::Options options;
    options.folder = folder_;
    options.only = place_;
    options.tag_prefix = "T" + random_uuid().substr(0, 6);
    options.host = mailbox_.host;
    options.port = static_cast<std::uint16_t>(mailbox_.port);
    options.tls_active = mailbox_.tls != config::Tls::none;
    options.insecure = mailbox_.insecure;
    imap::Session session(std::move(options), std::move(credentials), loop_.now());
    using Pump = io::Pump<imap::Session>;
    pump_ = std::make_unique<Pump>(loop_, std::move(*stream), std::move(session),
                                   Pump::Calls{[this](imap::Event& event) { on_event(event); },
                                               [this](const Error& error) { finish(fail(as_unreachable(error))); },
                                               {}});
  }

  void on_event(imap::Event& event) {
    if (auto* mail = std::get_if<imap::Mail>(&event)) {
      mail_ = std::move(*mail);
    } else if (const auto* refused = std::get_if<imap::LoginRefused>(&event)) {
      refused_ = refused->permanent
                     ? Error{ErrorCode::auth_rejected, "the server refused the sign-in: " + refused->words}
                     : Error{ErrorCode::source_unreachable, "the server cannot sign us in now: " + refused->words};
    } else if (const auto* failed = std::get_if<imap::Failed>(&event)) {
      pump_->close(failed->error);
    } else if (std::holds_alternative<imap::Closed>(event)) {
      pump_->close(refused_.value_or(Error{ErrorCode::network, "the connection ended without the message"}));
    }
  }

  /// The first end counts; what is still open is given up when we are destroyed.
  void finish(Result<imap::Mail> result) {
    if (result_) return;
    if (mail_) result = std::move(*mail_);  // whatever came behind it
    result_ = std::move(result);
    loop_.stop();
  }

  static Error as_unreachable(Error error) {
    if (error.code == ErrorCode::network || error.code == ErrorCode::timeout || error.code == ErrorCode::protocol) {
      error.code = ErrorCode::source_unreachable;
    }
    return error;
  }

  io::Loop& loop_;
  const config::Mailbox& mailbox_;
  std::string folder_;
  imap::Place place_;
  io::Timer timer_;
  std::unique_ptr<FetchingCredentials> credentials_;
  std::unique_ptr<io::Connecting> connecting_;
  std::unique_ptr<io::Pump<imap::Session>> pump_;
  std::optional<imap::Mail> mail_;
  std::optional<Error> refused_;
  std::optional<Result<imap::Mail>> result_;
};

}  // namespace

Result<imap::Mail> fetch_one(const config::Mailbox& mailbox, const std::string& folder, imap::Place place,
                             Duration within) {
  io::Loop loop;
  Fetching fetching(loop, mailbox, folder, place, within);
  loop.run();
  return fetching.take();
}

}  // namespace otpctl::source
