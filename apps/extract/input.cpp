#include "extract/input.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "extract/view.hpp"
#include "server/check.hpp"
#include "shared/agent.hpp"
#include "source/fetch_one.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

namespace otpctl::apps::extract {

namespace {

Result<Fd> open_file(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return file;
  const bool denied = errno == EACCES || errno == EPERM;
  return fail(denied ? ErrorCode::permission : ErrorCode::not_found,
              printable(path, 1000) + ": " + std::strerror(errno));
}

/// Of binary data the first bytes tell; a mail of an unusual charset has its headers.
bool is_binary(std::string_view bytes) {
  return bytes.substr(0, 4096).find('\0') != bytes.npos && !looks_like_mail(bytes);
}

/// The byte order mark of an editor, and the line in front of a mail in an mbox.
std::string_view without_wrapping(std::string_view bytes) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (bytes.substr(0, kMark.size()) == kMark) bytes.remove_prefix(kMark.size());
  if (bytes.substr(0, 5) == "From ") bytes.remove_prefix(std::min(bytes.find('\n'), bytes.size() - 1) + 1);
  return bytes;
}

Result<std::string> read_all(Source source, const std::string& name) {
  struct stat info {};
  if (source.fd() >= 0 && ::fstat(source.fd(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return fail(ErrorCode::not_found, name + " is a folder; name a file");
  }
  auto bytes = source.read_all(kLongest);
  if (bytes) return bytes;
  if (bytes.error().code == ErrorCode::usage) {
    return fail(ErrorCode::no_code, name + " is longer than 50 MB: that is no message");
  }
  return fail(ErrorCode::not_found, name + " cannot be read");
}

Result<std::uint64_t> event_id(const std::string& text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id == 0) {
    return fail(ErrorCode::usage, "--message takes the id of an event of otpctl log, not '" + printable(text, 40) + "'");
  }
  return id;
}

tl::unexpected<Error> no_message(std::uint64_t id, const std::string& why) {
  return fail(ErrorCode::not_found, "event " + std::to_string(id) + " " + why);
}

/// The event, when it is one of a mail that lies in a mailbox.
Result<Event> find_event(client::Client& agent, std::uint64_t id) {
  rpc::Events asked;
  asked.after = id - 1;
  auto page = agent.ask<rpc::EventsResult>(asked);
  if (!page) return fail(page.error());
  if (page->events.empty() || page->events.front().id != id) {
    return no_message(id, "is not in the timeline, or not any more (see otpctl log)");
  }
  Event event = std::move(page->events.front());
  if (event.type != EventType::message) {
    return no_message(id, "is no message, its type is " + std::string(rpc::name_of(event.type)));
  }
  if (event.uid == 0 || event.uid_validity == 0) {
    return no_message(id, "came through " + printable(event.source) + " and lies in no mailbox: it cannot be fetched again");
  }
  return event;
}

const otpctl::config::Mailbox* find_mailbox(const otpctl::config::Config& config, const std::string& name) {
  const auto found = std::find_if(config.mailboxes.begin(), config.mailboxes.end(),
                                  [&](const otpctl::config::Mailbox& each) { return each.name == name; });
  return found == config.mailboxes.end() ? nullptr : &*found;
}

}  // namespace

Result<Opened> open_input(const Options& options, Context& context) {
  if (options.file.empty() || options.file == "-") {
    const char* what = options.ndjson ? "lines of JSON" : "a message";
    if (context.in_tty) {
      static_cast<void>(context.err.write(std::string("otpctl extract: reading ") + what + " from the terminal, up to Ctrl-D\n"));
    }
    return Opened{Fd(), context.in, "standard input"};
  }
  auto file = open_file(options.file);
  if (!file) return fail(file.error());
  const Source source(file->get());
  return Opened{std::move(*file), source, printable(options.file, 1000)};
}

Result<Input> read_input(const Options& options, Context& context) {
  const auto opened = open_input(options, context);
  if (!opened) return fail(opened.error());
  const auto bytes = read_all(opened->source, opened->name);
  if (!bytes) return fail(bytes.error());
  if (trim(*bytes).empty()) return fail(ErrorCode::no_code, opened->name + " is empty");
  const std::string_view message = without_wrapping(*bytes);
  if (is_binary(message)) return fail(ErrorCode::no_code, opened->name + " is neither a mail nor a text");
  return Input{std::string(message.substr(0, kLookedAt)), message.size(), message.size() > kLookedAt};
}

Result<FromMailbox> fetch_message(const Options& options, Context& context) {
  const auto id = event_id(options.message);
  if (!id) return fail(id.error());
  auto connection = agent_options(context, client::Start::never, options.config);
  if (!connection) return fail(connection.error());
  connection->environment.clear();  // its mailboxes are asked for below
  client::Client agent(*connection);
  const auto event = find_event(agent, *id);
  if (!event) return fail(event.error());
  const auto status = agent.ask<AgentStatus>(rpc::Status{});
  if (!status) return fail(status.error());

  // The file that the agent reads, wherever this command would have looked.
  const bool named = options.config.empty() && !status->config.empty();
  auto config = server::read_config(named ? status->config : connection->paths.config,
                                    named || !options.config.empty(), context.surroundings.env);
  if (!config) return fail(config.error());
  const std::size_t slash = std::min(event->source.find('/'), event->source.size());
  const std::string name = event->source.substr(0, slash);
  const otpctl::config::Mailbox* mailbox = find_mailbox(*config, name);
  if (mailbox == nullptr || slash == event->source.size()) {
    return no_message(*id, "came from " + printable(event->source) + ", which is not configured (any more)");
  }
  auto mail = source::fetch_one(*mailbox, event->source.substr(slash + 1), {event->uid_validity, event->uid});
  if (!mail) {
    return fail(mail.error().code, printable(event->source) + ": " + mail.error().message);
  }
  const std::uint64_t size = std::max<std::uint64_t>(mail->size, mail->bytes.size());
  return FromMailbox{{std::move(mail->bytes), size, mail->truncated}, std::move(*config), name};
}

}  // namespace otpctl::apps::extract
