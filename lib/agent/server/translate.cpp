#include "server/translate.hpp"

#include "base/digits.hpp"
#include "base/text.hpp"
#include "code/code.hpp"
#include "message/address.hpp"

namespace otpctl::server {
namespace {

Result<delivery::SessionSpec> spec_of(const Target& target, const Filters& filters, const Caller& caller) {
  delivery::SessionSpec spec;
  spec.filters = filters;
  if (!target.email.empty()) {
    auto email = message::normalise_address(target.email);
    if (!email) return fail(email.error());
    spec.email = std::move(*email);
  }
  if (!target.phone.empty()) {
    auto phone = message::normalise_phone(target.phone, caller.region);
    if (!phone) return fail(phone.error());
    spec.phone = std::move(*phone);
  }
  return spec;
}

/// "tr" → "TR". One that does not exist would only show when a number without country code comes.
Result<std::string> region_of(std::string_view country) {
  std::string region;
  for (const char c : to_lower(country)) region += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : '?';
  const bool letters = region.size() == 2 && region.find('?') == region.npos;
  if (letters && message::is_region(region)) return region;
  return fail(ErrorCode::usage, "'" + printable(country, 40) + "' is no country; write its two letters: TR, DE, GB");
}

/// "bot@ex" and "555111" are an address and a short code, but whoever types them means a part of one.
bool may_be_part(const std::string& recipient) {
  const auto at = recipient.rfind('@');
  return at == recipient.npos ? recipient.front() != '+' : recipient.find('.', at) == recipient.npos;
}

tl::unexpected<Error> nobody() {
  return fail(ErrorCode::usage, "name whom the code is for: an address, a phone number or a session");
}

}  // namespace

Result<delivery::Command> command_of(const rpc::Wait& wait, const Caller& caller) {
  const bool targeted = !wait.target.email.empty() || !wait.target.phone.empty();
  if (wait.session.empty() && !targeted) return nobody();
  if (wait.waiter.empty()) return fail(ErrorCode::usage, "a wait needs a waiter id of its own");
  auto spec = spec_of(wait.target, wait.filters, caller);
  if (!spec) return fail(spec.error());
  delivery::Wait command;
  command.request = caller.request;
  command.client = caller.client;
  command.pid = caller.pid;
  command.waiter = wait.waiter;
  command.session = wait.session;
  command.spec = std::move(*spec);
  command.since = wait.since;
  command.resume = wait.resume;
  command.no_limit = wait.no_limit;
  command.timeout = wait.timeout;
  command.exclusive = wait.exclusive;
  command.queue = wait.queue;
  command.fail_fast = wait.fail_fast;
  return delivery::Command(std::move(command));
}

Result<delivery::Command> command_of(const rpc::SessionRegister& request, const Caller& caller) {
  if (request.target.email.empty() && request.target.phone.empty()) return nobody();
  Caller here = caller;
  if (!request.country.empty()) {
    auto country = region_of(request.country);
    if (!country) return fail(country.error());
    here.region = std::move(*country);
  }
  auto spec = spec_of(request.target, request.filters, here);
  if (!spec) return fail(spec.error());
  if (!request.country.empty()) spec->country = here.region;
  spec->metadata = request.metadata;
  delivery::Register command;
  command.request = caller.request;
  command.spec = std::move(*spec);
  command.id = random_uuid();
  command.ttl = request.ttl;
  command.exclusive = request.exclusive;
  command.queue = request.queue;
  command.pid = caller.pid;
  command.client = caller.client;
  return delivery::Command(std::move(command));
}

Result<delivery::Command> command_of(const rpc::Manual& request, const Caller& caller) {
  auto code = request.settle ? Result<std::string>() : typed_code(request.code);
  if (!code) return fail(code.error());
  delivery::PersonEntry entry;
  entry.settle = request.settle;
  entry.request = caller.request;
  entry.target = std::string(trim(request.target));
  if (entry.target.empty()) return nobody();
  entry.code = std::move(*code);
  entry.waiting_only = request.waiting_only;
  entry.choice = request.choice;
  // A whole address or number is kept even when nobody waits for it; a fragment must fit somebody.
  auto whole = message::normalise_recipient(entry.target, caller.region);
  if (whole && !may_be_part(*whole)) entry.recipient = std::move(*whole);
  return delivery::Command(std::move(entry));
}

delivery::Command command_of(const rpc::Ack& request, const Caller& caller) {
  return delivery::Acknowledge{caller.request, request.delivery, request.waiter};
}
delivery::Command command_of(const rpc::SessionMark& request, const Caller& caller) {
  return delivery::MarkSession{caller.request, request.session};
}
delivery::Command command_of(const rpc::SessionRefresh& request, const Caller& caller) {
  return delivery::RefreshSession{caller.request, request.session, request.ttl};
}
delivery::Command command_of(const rpc::SessionClose& request, const Caller& caller) {
  return delivery::CloseSession{caller.request, request.session};
}

delivery::Command command_of(const rpc::SessionHold& request, const Caller& caller) {
  return delivery::HoldSession{caller.request, caller.client, request.session};
}

Result<std::string> typed_code(std::string_view text) {
  std::string code = as_code(text);
  if (code::is_printable_code(code)) return code;
  return fail(ErrorCode::usage, "that is no code: give one line of 1 to 64 printable characters");
}

Result<rpc::Answer> answer_of(delivery::Answer answer) {
  if (auto* error = std::get_if<Error>(&answer)) return fail(std::move(*error));
  if (auto* session = std::get_if<SessionInfo>(&answer)) return rpc::Answer(std::move(*session));
  if (auto* delivered = std::get_if<Delivered>(&answer)) return rpc::Answer(std::move(*delivered));
  if (auto* end = std::get_if<WaitEnd>(&answer)) return rpc::Answer(std::move(*end));
  if (auto* done = std::get_if<delivery::Acknowledged>(&answer)) return rpc::Answer(rpc::AckResult{done->known});
  auto& accepted = std::get<delivery::Accepted>(answer);
  if (!accepted.recipient.empty()) {  // a person's entry; what a source brings names nobody
    return rpc::Answer(rpc::ManualResult{std::move(accepted.recipient), accepted.delivered, accepted.waiting});
  }
  return rpc::Answer(rpc::SmsResult{accepted.duplicate, accepted.delivered});
}

rpc::Notification notification_of(const delivery::Notice& notice) {
  if (const auto* waiting = std::get_if<delivery::Waiting>(&notice.what)) {
    return rpc::Waiting{waiting->session, waiting->resume, waiting->remaining};
  }
  const auto& warning = std::get<delivery::Warning>(notice.what);
  return rpc::Warning{warning.message, warning.contended};
}

}  // namespace otpctl::server
