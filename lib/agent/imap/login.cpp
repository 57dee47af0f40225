#include "imap/login.hpp"

#include "imap/wire.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::imap {

namespace {

constexpr char kSeparator = '\x01';
constexpr std::size_t kLiteralMinusLimit = 4096;  // RFC 7888 section 5

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

/// `AUTHENTICATE MECHANISM`, with the response at once or in answer to "+".
LoginScript authenticate(std::string_view mechanism, std::string response,
                         const CapabilityList& offered) {
  LoginScript script;
  std::string encoded = base64(response);
  wipe(response);
  std::string command = "AUTHENTICATE " + std::string(mechanism);
  if (offered.has("SASL-IR")) {
    script.command = Secret(command + ' ' + encoded);
    wipe(encoded);
  } else {
    script.command = Secret(std::move(command));
    script.answers.emplace_back(std::move(encoded));
  }
  return script;
}

/// RFC 5801 section 4 "saslname".
std::string sasl_name(std::string_view user) {
  std::string out;
  for (char c : user) {
    if (c == ',') {
      out += "=2C";
    } else if (c == '=') {
      out += "=3D";
    } else {
      out += c;
    }
  }
  return out;
}

Result<LoginScript> with_token(const Bearer& bearer, const CapabilityList& offered,
                               const Options& options) {
  std::string_view token = bearer.token.reveal();
  if (token.empty() || !is_visible_ascii(token)) {
    return fail(ErrorCode::config,
                "the access token is empty or holds a space, a line end or a control character");
  }
  std::string auth = "auth=Bearer " + std::string(token) + kSeparator + kSeparator;
  if (offered.has("AUTH=OAUTHBEARER")) {
    std::string response = "n,a=" + sasl_name(bearer.user) + ',' + kSeparator +
                           "host=" + options.host + kSeparator +
                           "port=" + std::to_string(options.port) + kSeparator + auth;
    wipe(auth);
    LoginScript script = authenticate("OAUTHBEARER", std::move(response), offered);
    script.dismissal = "AQ==";  // RFC 7628 3.2.3: a lone separator
    return script;
  }
  if (offered.has("AUTH=XOAUTH2")) {
    std::string response = "user=" + bearer.user + kSeparator + auth;
    wipe(auth);
    LoginScript script = authenticate("XOAUTH2", std::move(response), offered);
    script.dismissal = "";
    return script;
  }
  wipe(auth);
  return fail(ErrorCode::auth_rejected,
              "the server takes no access token (neither OAUTHBEARER nor XOAUTH2)");
}

/// LOGIN with literals where a value cannot be quoted (8-bit). Each literal that needs the server's
/// consent cuts the command in two.
LoginScript login(std::string_view user, std::string_view password, const CapabilityList& offered) {
  std::vector<Secret> lines;
  std::string line = "LOGIN";
  for (std::string_view value : {user, password}) {
    line += ' ';
    if (can_be_quoted(value)) {
      line += quoted(value);
      continue;
    }
    bool at_once =
        offered.has("LITERAL+") || (offered.has("LITERAL-") && value.size() <= kLiteralMinusLimit);
    line += '{' + std::to_string(value.size()) + (at_once ? "+}" : "}");
    if (at_once) {
      line += "\r\n";
    } else {
      lines.emplace_back(std::exchange(line, {}));
    }
    line += value;
  }
  lines.emplace_back(std::move(line));
  LoginScript script;
  script.command = std::move(lines.front());
  script.answers.assign(std::make_move_iterator(lines.begin() + 1),
                        std::make_move_iterator(lines.end()));
  return script;
}

Result<LoginScript> with_password(const Password& account, const CapabilityList& offered) {
  std::string_view password = account.password.reveal();
  if (password.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
    return fail(ErrorCode::config, "the password holds a line end or a NUL");
  }
  if (offered.has("AUTH=PLAIN")) {
    std::string response = '\0' + account.user + '\0' + std::string(password);
    return authenticate("PLAIN", std::move(response), offered);
  }
  if (offered.has("LOGINDISABLED")) {
    return fail(ErrorCode::auth_rejected,
                "the server takes no password here (LOGINDISABLED without AUTH=PLAIN); "
                "it may want TLS, or an access token");
  }
  return login(account.user, password, offered);
}

}  // namespace

Result<LoginScript> script_login(const Credentials& credentials, const CapabilityList& offered,
                                 const Options& options) {
  const std::string& user =
      std::visit([](const auto& each) -> const std::string& { return each.user; }, credentials);
  if (user.empty() || has_control(user)) {
    return fail(ErrorCode::config, "the user name is empty or holds a control character");
  }
  if (auto* bearer = std::get_if<Bearer>(&credentials))
    return with_token(*bearer, offered, options);
  return with_password(std::get<Password>(credentials), offered);
}

}  // namespace otpctl::imap
