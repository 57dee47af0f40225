#include "config/write.hpp"
#include "support.hpp"

using namespace otpctl;
using namespace otpctl::config;
using namespace std::chrono_literals;

namespace {

Config without_places(Config config) {
  config.path.clear();
  config.default_region_line = 0;
  for (Mailbox& mailbox : config.mailboxes) mailbox.line = 0;
  for (UserPattern& pattern : config.patterns) pattern.line = 0;
  for (UserRule& rule : config.rules) rule.line = rule.what_line = 0;
  return config;
}

void check_same(const Config& config) {
  const std::string text = to_toml(config);
  CAPTURE(text);
  CHECK(without_places(must_parse(text)) == without_places(config));
  CHECK(text.find('\x1b') == std::string::npos);
}

Config from(const std::map<std::string, std::string>& variables) {
  auto config = from_environment([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
  REQUIRE(config.has_value());
  return std::move(*config);
}

}  // namespace

TEST_CASE("what is written is read back as the same configuration") {
  check_same(Config());
  for (const char* more :
       {"", "port = 10993", "tls = \"starttls\"", "tls = \"starttls\"\nport = 993", "tls = \"none\"\ninsecure = true",
        "insecure = true", "ca-file = \"/etc/ssl/private ca.pem\"", "proxy = \"socks5h://127.0.0.1:1080\"",
        "folders = [\"INBOX\", \"Gönderilmiş\", \"a\\\"b\\\\c\"]", "poll = \"1m30s\"", "poll = 7", "probe = \"off\"",
        "probe = \"20ms\"", "probe = \"auto\"", "recipients = \"all\"", "recipients = \"one\"",
        "recipient-headers = [\"Delivered-To\", \"X-Original-To\"]"})
    check_same(must_parse(mailbox(more)));
  for (const char* secret :
       {"password-command = \"pass show mail | head -1\"", "password-command = [\"pass\", \"a b\", \"c'd\"]",
        "password-file = \"/run/secrets/imap\"", "password-credential = \"imap\"", "password-env = \"IMAP_PASSWORD\"",
        "token-command = [\"oama\", \"access\", \"me@example.com\"]", "token-file = \"/x\"", "token-env = \"T\""})
    check_same(must_parse("[[mailbox]]\nhost = \"[2001:db8::1]\"\nuser = \"u\\u0022\"\n" + std::string(secret) + "\n"));
  check_same(must_parse("[wait]\ntimeout = \"90s\"\nsince = \"now\"\n[session]\nttl = \"15m\"\nkeep = \"1h\"\n"));
  check_same(must_parse("[phone]\ndefault-region = \"tr\"\n[log]\nlevel = \"off\"\nfile = \"/var/log/ü.log\"\n"));
  check_same(must_parse(mailbox() + "[[mailbox]]\nname = \"b\"\nhost = \"h\"\nuser = \"u\"\ntoken-env = \"T\"\n"));
}

TEST_CASE("patterns come back as they were, however they were quoted") {
  for (const char* regex : {R"T('PIN[:\s]+(\d{4})')T", R"T("it's (\\d+)")T", R"T("\"(\\w+)\"")T", R"T("\u202e(a)")T",
                            R"T("ü(\\d)")T", "'(#)'", "\"\"\"a\\\n  (b)\"\"\""})
    check_same(must_parse("[[pattern]]\nregex = " + std::string(regex) + "\n"));
  std::string many = "[[pattern]]\nregex = \"\"\"";
  for (int i = 0; i < 4; ++i) many += std::string(60, '.') + "\\\n";
  check_same(must_parse(many + "()\"\"\"\n"));
  std::string folders = "folders = [\n";
  for (int i = 0; i < 150; ++i) folders += "\"a.b.c" + std::to_string(i) + "\",\n";
  check_same(must_parse(mailbox(folders + "]")));
}

TEST_CASE("rules come back as they were, in their order") {
  check_same(must_parse("[[rule]]\nfrom = \"*@bank.example\"\nlabel = \"Ihr \\\"Zugang\\\": \\u202e\"\n"
                        "[[rule]]\nfrom = \"My*Bank?\"\npattern = 'it\\s(\\d+)'\n"));
  CHECK(contains(to_toml(must_parse("\n[[rule]]\nfrom = \"*\"\nlabel = \"a\"\n")),
                 "[[rule]]  # line 2\nfrom = \"*\"\nlabel = \"a\"\n"));
}

TEST_CASE("a mailbox of the environment is written with the name of its variable") {
  for (const std::map<std::string, std::string>& variables :
       {std::map<std::string, std::string>{{"OTPCTL_MAILBOX", "imap://reader@[2001:db8::1]/Codes%20%C3%BC"}},
        std::map<std::string, std::string>{{"M365_EMAIL", "me@outlook.com"}, {"OTP_MANAGER_TIMEOUT", "45"}}})
    check_same(from(variables));
  const Config config = from({{"M365_EMAIL", "me@outlook.com"}, {"OTP_MANAGER_TIMEOUT", "120"}});
  const std::string text = to_toml(config, {{"mailbox", "M365_EMAIL"}, {"wait.timeout", "OTP_MANAGER_TIMEOUT"}});
  CHECK(contains(text, "[[mailbox]]  # M365_EMAIL\n"));
  CHECK(contains(text, "timeout = \"2m\"  # OTP_MANAGER_TIMEOUT\n"));
  CHECK(contains(text, "password-env = \"M365_APP_PASSWORD\"\n"));
  CHECK(without_places(must_parse(text)) == without_places(config));
}

TEST_CASE("what stands in the environment is told by the first of its names") {
  const auto origins = [](const std::map<std::string, std::string>& variables) {
    return origins_in_environment([&](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::string() : found->second;
    });
  };
  CHECK(origins({}).empty());
  CHECK(origins({{"M365_EMAIL", "a@b"}, {"OTPCTL_MAILBOX", "imaps://a@b"}}) == Origins{{"mailbox", "OTPCTL_MAILBOX"}});
  CHECK(origins({{"OTP_MANAGER_SESSION_TIMEOUT", "5"}}) == Origins{{"session.ttl", "OTP_MANAGER_SESSION_TIMEOUT"}});
}

TEST_CASE("beside a file, the environment is the origin of its mailbox alone, where the file names none") {
  const auto env = [](const char* name) {
    return std::string(std::string_view(name) == "OTPCTL_MAILBOX" ? "imaps://a@b" : "45");
  };
  Config config = *from_environment(env);
  CHECK(origins_of(config, env).size() == 3);
  config.path = "/config.toml";
  CHECK(origins_of(config, env) == Origins{{"mailbox", "OTPCTL_MAILBOX"}});
  config.mailboxes[0].line = 3;
  CHECK(origins_of(config, env).empty());
  config.mailboxes.clear();
  CHECK(origins_of(config, env).empty());
}

TEST_CASE("what was not said stands there as the default, what was said does not") {
  const std::string text = to_toml(must_parse("[wait]\ntimeout = \"90s\"\n" + mailbox("port = 1993")));
  CHECK(contains(text, "timeout = \"90s\"\n"));
  CHECK(contains(text, "since = \"30s\"  # default\n"));
  CHECK(contains(text, "[[mailbox]]  # line 3\n"));
  CHECK(contains(text, "port = 1993\n"));
  CHECK(contains(text, "tls = \"implicit\"  # default\n"));
  CHECK(contains(text, "\n# ca-file is not set: the system's certificates\n"));
}

TEST_CASE("a password inside a proxy's URL is masked, whoever put it there") {
  CHECK(without_password("http://user:hunter2x@proxy.example.com:3128") == "http://user:***@proxy.example.com:3128");
  CHECK(without_password("http://hunter2x@proxy.example.com") == "http://hunter2x:***@proxy.example.com");
  CHECK(without_password("socks5h://u:a:b@c@127.0.0.1:1080/x@y") == "socks5h://u:***@127.0.0.1:1080/x@y");
  CHECK(without_password("socks5h://127.0.0.1:1080") == "socks5h://127.0.0.1:1080");
  CHECK(without_password("") == "");
  Config config;
  config.mailboxes.resize(1);
  config.mailboxes[0].proxy = "http://user:hunter2x@proxy.example.com";
  CHECK_FALSE(contains(to_toml(config), "hunter"));
}

TEST_CASE("a syntax that is wrong in several places tells all of them, in the order of the file") {
  std::vector<Error> problems;
  const auto config = parse("[log]\nlevel = \"loud\"\n[wait]\ntimeout = \"x\"\nsince = 5\ntimout = 3\n", "c", &problems);
  REQUIRE(!config.has_value());
  REQUIRE(problems.size() == 3);
  CHECK(starts(problems[0].message, "c:2: "));
  CHECK(starts(problems[1].message, "c:4: "));
  CHECK(starts(problems[2].message, "c:6: "));
  CHECK(config.error().message == problems[0].message);
  problems.clear();
  CHECK(!parse("[wait\n", "c", &problems));
  CHECK(problems.size() == 1);
  problems.clear();
  CHECK(parse("", "c", &problems));
  CHECK(problems.empty());
}
