// A mailbox from environment variables alone, and what is known of the big mail providers.
#include "config/config.hpp"

#include "base/text.hpp"
#include "config/mailbox.hpp"

#include <algorithm>

namespace otpctl::config {

namespace {

using namespace std::chrono_literals;
using Environment = std::function<std::string(const char*)>;

struct Provider {
  std::string_view host;
  std::string_view domains;  // with a space before and behind each
};

// Whole domains, not patterns: somebody else may own gmx.example, and a password would go to the
// wrong server.
constexpr Provider kProviders[] = {
    {"imap.gmail.com", " gmail.com googlemail.com "},
    {"outlook.office365.com",
     " outlook.com outlook.at outlook.be outlook.cl outlook.co.id outlook.co.il outlook.co.th "
     "outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.pe "
     "outlook.com.tr outlook.com.vn outlook.cz outlook.de outlook.dk outlook.es outlook.fr "
     "outlook.hu outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my "
     "outlook.ph outlook.pt outlook.sa outlook.sg outlook.sk hotmail.com hotmail.be hotmail.ca "
     "hotmail.ch hotmail.co.il hotmail.co.jp hotmail.co.kr hotmail.co.th hotmail.co.uk "
     "hotmail.com.ar hotmail.com.au hotmail.com.br hotmail.com.tr hotmail.com.vn hotmail.cz "
     "hotmail.de hotmail.dk hotmail.es hotmail.fi hotmail.fr hotmail.gr hotmail.hu hotmail.it "
     "hotmail.nl hotmail.no hotmail.se hotmail.sg live.com live.at live.be live.ca live.ch "
     "live.cl live.cn live.co.uk live.co.za live.com.ar live.com.au live.com.mx live.com.my "
     "live.com.pt live.com.sg live.de live.dk live.fi live.fr live.ie live.in live.it live.jp "
     "live.nl live.no live.ru live.se msn.com passport.com windowslive.com "},
    {"imap.mail.me.com", " icloud.com me.com mac.com "},
    {"imap.mail.yahoo.com",
     " yahoo.com yahoo.ca yahoo.co.id yahoo.co.in yahoo.co.nz yahoo.co.th yahoo.co.uk "
     "yahoo.co.za yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.co yahoo.com.hk "
     "yahoo.com.mx yahoo.com.my yahoo.com.ph yahoo.com.sg yahoo.com.tr yahoo.com.tw "
     "yahoo.com.vn yahoo.cz yahoo.de yahoo.dk yahoo.es yahoo.fi yahoo.fr yahoo.gr yahoo.hu "
     "yahoo.ie yahoo.in yahoo.it yahoo.nl yahoo.no yahoo.pl yahoo.pt yahoo.ro yahoo.se "
     "ymail.com rocketmail.com myyahoo.com "},
    {"imap.mail.yahoo.co.jp", " yahoo.co.jp "},
    {"imap.aol.com", " aol.com aim.com aol.de aol.fr aol.co.uk "},
    {"imap.fastmail.com",
     " fastmail.com fastmail.fm fastmail.de fastmail.co.uk fastmail.net fastmail.org sent.com "
     "messagingengine.com "},
    {"imap.gmx.net", " gmx.de gmx.net gmx.at gmx.ch gmx.li gmx.org "},
    {"imap.gmx.com", " gmx.com gmx.us gmx.co.uk gmx.fr gmx.es gmx.it "},
    {"imap.web.de", " web.de "},
    {"secureimap.t-online.de", " t-online.de magenta.de "},
    {"posteo.de", " posteo.de posteo.net posteo.org "},
    {"imap.mailbox.org", " mailbox.org "},
    {"imap.yandex.com", " yandex.com yandex.ru yandex.by yandex.kz yandex.com.tr yandex.ua ya.ru "},
    {"imap.mail.ru", " mail.ru bk.ru inbox.ru list.ru internet.ru "},
    {"imap.zoho.com", " zoho.com zohomail.com "},
    {"imap.zoho.eu", " zoho.eu zohomail.eu "},
    {"imap.zoho.in", " zoho.in zohomail.in "},
    {"imap.qq.com", " qq.com foxmail.com "},
    {"imap.163.com", " 163.com "},
    {"imap.126.com", " 126.com "},
    {"imap.naver.com", " naver.com "},
    {"imap.orange.fr", " orange.fr wanadoo.fr "},
    {"imap.free.fr", " free.fr "},
    {"imap.laposte.net", " laposte.net "},
    {"imap.seznam.cz", " seznam.cz email.cz post.cz "},
    {"imap.comcast.net", " comcast.net "},
};

tl::unexpected<Error> refuse(const std::string& variable, const std::string& what) {
  return fail(ErrorCode::config, variable + ": " + what);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// RFC 3986 2.1; nothing when a % is followed by no two hex digits, or a control character comes
/// out.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return std::nullopt;
    out += c;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

std::string domain_of(const std::string& address) {
  return address.substr(std::min(address.rfind('@') + 1, address.size()));
}

/// "host", "host:port", "[::1]:port" → host and port.
bool read_authority(std::string_view text, Mailbox& mailbox) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == text.npos) return false;
    mailbox.host = std::string(text.substr(1, end - 1));
    port = text.substr(end + 1);
    if (mailbox.host.find(':') == std::string::npos || (!port.empty() && port.front() != ':'))
      return false;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    mailbox.host = std::string(text.substr(0, colon));
    port = text.substr(colon);
  }
  if (!is_host(mailbox.host)) return false;
  if (port.empty()) return true;
  port.remove_prefix(1);
  if (port.empty() || port.size() > 5 ||
      !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  mailbox.port = std::stoi(std::string(port));
  return mailbox.port >= 1 && mailbox.port <= 65'535;
}

/// imaps://user@host[:port][/folder] (imap:// is STARTTLS). The text is never repeated: it may hold
/// a password.
Result<Mailbox> read_url(std::string_view url) {
  const std::string variable = "OTPCTL_MAILBOX";
  const std::string form =
      "write imaps://user@imap.example.com/INBOX (% as %25, and @ or : of the user as %40 or %3A)";
  Mailbox mailbox;
  const std::size_t scheme = url.find("://");
  const std::string_view name = url.substr(0, std::min(scheme, url.size()));
  if (scheme == url.npos ||
      !(equals_ignoring_case(name, "imaps") || equals_ignoring_case(name, "imap")))
    return refuse(variable, form);
  if (equals_ignoring_case(name, "imap")) mailbox.tls = Tls::starttls, mailbox.port = 143;
  const std::string_view rest = url.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::size_t at = authority.rfind('@');
  if (at == authority.npos || at == 0) return refuse(variable, form);
  if (authority.substr(0, at).find(':') != authority.npos)
    return refuse(variable, "no password in the URL; put it into OTPCTL_PASSWORD");
  const auto user = percent_decode(authority.substr(0, at));
  const auto folder = percent_decode(rest.substr(std::min(authority.size() + 1, rest.size())));
  if (!user || !folder || !read_authority(authority.substr(at + 1), mailbox))
    return refuse(variable, form);
  mailbox.user = *user;
  if (!folder->empty()) mailbox.folders = {*folder};
  mailbox.password = {SecretSource::Kind::env, {}, "OTPCTL_PASSWORD"};
  return mailbox;
}

Result<Mailbox> read_address(const Environment& env, const char* variable, const char* password) {
  Mailbox mailbox;
  mailbox.user = env(variable);
  if (!is_mail_address(mailbox.user))
    return refuse(variable, quoted(mailbox.user) + " is no mail address");
  mailbox.password = {SecretSource::Kind::env, {}, password};
  const std::string host = env("OTPCTL_MAILBOX_HOST");
  if (!host.empty()) {
    if (!read_authority(host, mailbox))
      return refuse("OTPCTL_MAILBOX_HOST", "write imap.example.com or imap.example.com:993");
    return mailbox;
  }
  const auto known = known_imap_host(domain_of(mailbox.user));
  if (!known)
    return refuse(
        variable,
        "the mail server of " + quoted(domain_of(mailbox.user)) +
            " is not known; set OTPCTL_MAILBOX_HOST (Microsoft 365: outlook.office365.com)");
  mailbox.host = *known;
  return mailbox;
}

Result<void> read_duration(const Environment& env, const char* variable, Duration& out) {
  const std::string text = env(variable);
  if (text.empty()) return {};
  const auto duration = parse_duration(text);
  if (!duration) return refuse(variable, duration.error().message);
  if (*duration < 1s) return refuse(variable, "must be at least 1s");
  out = *duration;
  return {};
}

}  // namespace

std::optional<std::string> known_imap_host(std::string_view domain) {
  const std::string lower = to_lower(domain);
  if (lower.empty() || lower.find(' ') != lower.npos) return std::nullopt;
  constexpr std::string_view kTenant = ".onmicrosoft.com";
  if (lower.size() > kTenant.size() &&
      std::string_view(lower).substr(lower.size() - kTenant.size()) == kTenant)
    return "outlook.office365.com";
  for (const Provider& provider : kProviders) {
    if (provider.domains.find(" " + lower + " ") != std::string_view::npos)
      return std::string(provider.host);
  }
  return std::nullopt;
}

Result<Config> from_environment(const Environment& env) {
  Config config;
  if (auto read = read_duration(env, "OTP_MANAGER_TIMEOUT", config.wait_timeout); !read)
    return fail(read.error());
  if (auto read = read_duration(env, "OTP_MANAGER_SESSION_TIMEOUT", config.session_ttl); !read)
    return fail(read.error());
  Result<Mailbox> mailbox;
  if (const std::string url = env("OTPCTL_MAILBOX"); !url.empty()) {
    mailbox = read_url(url);
  } else if (!env("OTP_MANAGER_EMAIL").empty()) {
    mailbox = read_address(env, "OTP_MANAGER_EMAIL", "OTP_MANAGER_APP_PASSWORD");
  } else if (!env("M365_EMAIL").empty()) {
    mailbox = read_address(env, "M365_EMAIL", "M365_APP_PASSWORD");
  } else {
    return config;
  }
  if (!mailbox) return fail(mailbox.error());
  mailbox->name = "main";
  if (is_mail_address(mailbox->user)) mailbox->address = mailbox->user;
  config.mailboxes.push_back(std::move(*mailbox));
  return config;
}

bool names_mailboxes(const Config& config) {
  return std::any_of(config.mailboxes.begin(), config.mailboxes.end(),
                     [](const Mailbox& mailbox) { return mailbox.line > 0; });
}

bool watches(const Config& config, const Mailbox& wanted) {
  return std::any_of(config.mailboxes.begin(), config.mailboxes.end(),
                     [&](const Mailbox& own) { return own.identity() == wanted.identity(); });
}

std::string Mailbox::identity() const {
  const bool ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  const std::string shown = ipv6 ? "[" + host + "]" : to_lower(host);
  return (tls == Tls::implicit ? "imaps://" : "imap://") + user + "@" + shown + ":" +
         std::to_string(port);
}

}  // namespace otpctl::config
