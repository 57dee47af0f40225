#include "player.hpp"

#include "base/text.hpp"

#include <sstream>

namespace otpctl::test {

namespace {

using imap::Event;

const WallTime kStart = parse_time("2026-11-20T09:00:00Z").value();

std::string in_quotes(std::string_view text) { return '"' + printable(text, 2000) + '"'; }

struct Describe {
  std::string operator()(const imap::Ready& e) const {
    return std::string("ready ") + (e.idle ? "idle" : "polling") + (e.notify ? " notify" : "");
  }
  std::string operator()(const imap::Polling& e) const { return "polling " + in_quotes(e.words); }
  std::string operator()(const imap::Opened& e) const {
    return "opened validity=" + std::to_string(e.uid_validity) +
           " next=" + std::to_string(e.uid_next) + " exists=" + std::to_string(e.exists) +
           (e.uid_next_guessed ? " guessed" : "") + (e.validity_changed ? " changed" : "");
  }
  std::string operator()(const imap::Mail& e) const {
    return "mail uid=" + std::to_string(e.uid) + (e.live ? " live" : " old") +
           " validity=" + std::to_string(e.uid_validity) +
           " date=" + (e.internal_date ? format_time(*e.internal_date) : "none") +
           " size=" + std::to_string(e.size) + (e.truncated ? " truncated " : " ") +
           in_quotes(e.bytes);
  }
  std::string operator()(const imap::Synchronised& e) const {
    return "synchronised " + std::to_string(e.token) +
           " validity=" + std::to_string(e.uid_validity) + " next=" + std::to_string(e.uid_next);
  }
  std::string operator()(const imap::LookedBack& e) const {
    return "looked-back " + format_time(e.since) + (e.complete ? " complete" : " partial");
  }
  std::string operator()(const imap::Alive&) const { return ""; }
  std::string operator()(const imap::Alert& e) const { return "alert " + in_quotes(e.text); }
  std::string operator()(const imap::LoginRefused& e) const {
    return std::string("refused ") + (e.permanent ? "permanent" : "temporary") +
           (e.response_code.empty() ? "" : " [" + e.response_code + "]") + ' ' + in_quotes(e.words);
  }
  std::string operator()(const imap::Failed& e) const {
    return "failed " + std::string(name_of(e.error.code)) +
           (e.retry_after ? " retry-after " + format_duration(*e.retry_after) : "") + ' ' +
           in_quotes(e.error.message);
  }
  std::string operator()(const imap::Closed&) const { return "closed"; }
};

imap::Options options_of(const Transcript& transcript) {
  imap::Options options;
  options.tls_active = true;
  options.host = "imap.example.com";
  for (const Step& step : transcript.steps) {
    if (step.kind != Step::Kind::option) continue;
    std::istringstream words(step.text);
    std::string key, value;
    words >> key >> value;
    if (key == "folder") options.folder = detail::unescape(step.text.substr(7));
    if (key == "expect-greeting") options.expect_greeting = true;
    if (key == "clear-text") options.tls_active = false;
    if (key == "insecure") options.insecure = true;
    if (key == "probe") options.probe = parse_duration(value).value();
    if (key == "fetch-limit") options.fetch_limit = static_cast<std::uint32_t>(std::stoul(value));
    if (key == "look-back") options.look_back = parse_time(value).value();
    if (key == "only") {
      imap::Place place;
      place.uid_validity = static_cast<std::uint32_t>(std::stoul(value));
      words >> place.uid;
      options.only = place;
    }
    if (key == "resume") {
      imap::Position position;
      position.uid_validity = static_cast<std::uint32_t>(std::stoul(value));
      words >> position.uid_next;
      options.resume = position;
    }
  }
  return options;
}

imap::Credentials credentials_of(const Transcript& transcript) {
  std::string user = "alice", password = "pass word", token;
  for (const Step& step : transcript.steps) {
    if (step.kind != Step::Kind::option) continue;
    std::size_t space = std::min(step.text.find(' '), step.text.size());
    std::string key = step.text.substr(0, space);
    std::string value = detail::unescape(detail::value_of(step.text, space));
    if (key == "user") user = value;
    if (key == "password") password = value;
    if (key == "token") token = value;
  }
  if (!token.empty()) return imap::Bearer{user, Secret(token)};
  return imap::Password{user, Secret(password)};
}

std::string at_line(const Transcript& transcript, const Step& step, const std::string& what) {
  return transcript.name + ':' + std::to_string(step.line) + ": " + what;
}

}  // namespace

std::vector<std::string> uncut(const std::string& bytes) { return {bytes}; }

std::vector<std::string> byte_by_byte(const std::string& bytes) {
  std::vector<std::string> pieces;
  for (char c : bytes) pieces.emplace_back(1, c);
  return pieces;
}

Cut cut_at(std::size_t at) {
  return [at](const std::string& bytes) {
    std::size_t place = at % bytes.size();
    return std::vector<std::string>{bytes.substr(0, place), bytes.substr(place)};
  };
}

std::string describe(const Event& event) { return std::visit(Describe{}, event); }

bool is_input(const Step& step) {
  switch (step.kind) {
    case Step::Kind::server:
    case Step::Kind::time:
    case Step::Kind::action:
    case Step::Kind::end_of_stream: return true;
    case Step::Kind::option:
    case Step::Kind::client:
    case Step::Kind::event: return false;
  }
  return false;
}

Player::Player(const Transcript& transcript)
    : transcript_(transcript),
      now_{Instant(std::chrono::hours(1)), kStart},
      session_(options_of(transcript), credentials_of(transcript), now_) {
  session_.tick(now_);
  collect();
}

void Player::collect() {
  while (auto event = session_.next()) {
    std::string text = describe(*event);
    if (text.empty()) continue;
    events_.push_back(text);
    all_events_.push_back(text);
  }
  std::string output = session_.take_output();
  output_ += output;
  all_output_ += output;
}

void Player::advance(Duration by) {
  now_.instant += by;
  now_.wall += by;
  session_.tick(now_);
  collect();
}

void Player::feed(const std::string& bytes) {
  for (const std::string& piece : cut(bytes)) {
    session_.feed(piece);
    if (tick_between) {
      session_.tick(now_);
      collect();
    }
  }
  session_.tick(now_);
}

void Player::act(const std::string& action) {
  std::istringstream words(action);
  std::string verb, value;
  words >> verb >> value;
  if (verb == "demand") return session_.set_demand(value == "on");
  if (verb == "synchronise") return session_.synchronise(std::stoull(value));
  if (verb == "look-back") return session_.look_back(parse_time(value).value());
  if (verb == "stop") return session_.stop();
  throw std::runtime_error("unknown action " + action);
}

void Player::input(const Step& step) {
  if (step.kind == Step::Kind::server) feed(step.text);
  if (step.kind == Step::Kind::action) act(step.text);
  if (step.kind == Step::Kind::end_of_stream) session_.feed_eof();
  if (step.kind == Step::Kind::time) advance(parse_duration(step.text).value());
  session_.tick(now_);
  collect();
}

std::string Player::check(const Step& step) {
  if (step.kind == Step::Kind::event) {
    if (events_.empty()) return "no such event: " + step.text;
    std::string got = events_.front();
    events_.pop_front();
    bool same = got == step.text || got.compare(0, step.text.size() + 1, step.text + ' ') == 0;
    return same ? "" : "another event: " + got;
  }
  if (step.kind == Step::Kind::client) {
    std::size_t end = output_.find("\r\n");
    std::string got = output_.substr(0, end);
    output_.erase(0, end == std::string::npos ? end : end + 2);
    return got == step.text && end != std::string::npos
               ? ""
               : "the client sends: " + printable(got, 2000);
  }
  return "";
}

std::string Player::leftover(const Step& before) const {
  if (!events_.empty())
    return at_line(transcript_, before, "before this there was also: " + events_.front());
  if (!output_.empty())
    return at_line(transcript_, before, "before this the client also sent: " + output_);
  return "";
}

std::string Player::play() {
  for (const Step& step : transcript_.steps) {
    std::string difference;
    if (is_input(step)) {
      difference = leftover(step);
      if (!difference.empty()) return difference;
      input(step);
    } else {
      difference = check(step);
      if (!difference.empty()) return at_line(transcript_, step, difference);
    }
  }
  return leftover(transcript_.steps.back());
}

void Player::play_until(std::size_t end, bool half) {
  for (std::size_t i = 0; i < end; ++i) {
    if (is_input(transcript_.steps[i])) input(transcript_.steps[i]);
  }
  if (half && end < transcript_.steps.size() && transcript_.steps[end].kind == Step::Kind::server) {
    const std::string& bytes = transcript_.steps[end].text;
    feed(bytes.substr(0, bytes.size() / 2));
    collect();
  }
}

}  // namespace otpctl::test
