#include "support.hpp"

using namespace otpctl;
using namespace otpctl::config;
using namespace std::chrono_literals;
using Kind = SecretSource::Kind;

namespace {

/// A mailbox whose sign-in is `lines`, from its fourth line on.
std::string signing_in(const std::string& lines) {
  return "[[mailbox]]\nhost = \"imap.example.com\"\nuser = \"u\"\n" + lines + "\n";
}
Mailbox only(const std::string& toml) {
  const Config config = must_parse(toml);
  REQUIRE(config.mailboxes.size() == 1);
  return config.mailboxes[0];
}

}  // namespace

TEST_CASE("a secret comes as one of four forms, for passwords and tokens alike") {
  for (const std::string secret : {"password", "token"}) {
    const auto source = [&](const std::string& line) {
      const Mailbox mailbox = only(signing_in(secret + line));
      CHECK((secret == "password" ? mailbox.token : mailbox.password).kind == Kind::none);
      return secret == "password" ? mailbox.password : mailbox.token;
    };
    CHECK(source("-command = [\"pass\", \"show\", \"mail\"]") ==
          SecretSource{Kind::command, {"pass", "show", "mail"}, ""});
    CHECK(source("-command = \"pass show mail | head -1\"") ==
          SecretSource{Kind::command, {"sh", "-c", "pass show mail | head -1"}, ""});
    CHECK(source("-file = \"/run/secrets/imap\"") ==
          SecretSource{Kind::file, {}, "/run/secrets/imap"});
    CHECK(source("-credential = \"imap-password\"") ==
          SecretSource{Kind::credential, {}, "imap-password"});
    CHECK(source("-env = \"IMAP_PASSWORD\"") == SecretSource{Kind::env, {}, "IMAP_PASSWORD"});
  }
}

TEST_CASE("a password in the file itself is refused with the fix, and its text is not told") {
  for (const std::string line :
       {"password = \"hunter2x\"", "token = \"hunter2x\"", "password = [\"hunter2x\"]",
        "password = {a = \"hunter2x\"}", "password = \"hunter2x\"\npassword-file = \"/x\""}) {
    const std::string problem = problem_of(signing_in(line));
    CHECK(starts(problem, "config.toml:4: no "));
    CHECK(contains(problem, "-command"));
    CHECK(contains(problem, "-file"));
    CHECK_FALSE(contains(problem, "hunter"));
  }
}

TEST_CASE("two forms of one secret exclude each other") {
  CHECK(problem_of(signing_in("password-file = \"/x\"\npassword-env = \"X\"")) ==
        "config.toml:5: 'password-file' and 'password-env' exclude each other in [[mailbox]]");
  CHECK(contains(problem_of(signing_in("token-command = [\"x\"]\ntoken-credential = \"x\"")),
                 "exclude each other"));
}

TEST_CASE("password and token exclude each other, and one of them is needed") {
  CHECK(contains(problem_of(signing_in("password-file = \"/x\"\ntoken-file = \"/y\"")),
                 "config.toml:5: a password and a token exclude each other"));
  CHECK(contains(problem_of(signing_in("")),
                 "config.toml:1: [[mailbox]] needs a sign-in: password-command"));
}

TEST_CASE("forms of a secret that cannot work are refused") {
  CHECK(contains(problem_of(signing_in("password-command = []")), "'password-command' is empty"));
  CHECK(contains(problem_of(signing_in("password-command = \"\"")), "'password-command' is empty"));
  CHECK(contains(problem_of(signing_in("password-command = [\"pass\", 5]")), "texts only"));
  CHECK(contains(problem_of(signing_in("password-command = [\"pass\", \"\"]")), "empty"));
  CHECK(
      contains(problem_of(signing_in("password-command = [\"a\\u0000b\"]")), "control characters"));
  CHECK(contains(problem_of(signing_in("password-command = 5")), "wrong type"));
  CHECK(contains(problem_of(signing_in("password-file = \"secret.txt\"")), "from the root"));
  CHECK(contains(problem_of(signing_in("password-credential = \"../../etc/shadow\"")), "no path"));
  CHECK(contains(problem_of(signing_in("password-credential = \"..\"")), "no path"));
  CHECK(
      contains(problem_of(signing_in("password-env = \"$X\"")), "name of an environment variable"));
  CHECK(
      contains(problem_of(signing_in("password-env = \"1X\"")), "name of an environment variable"));
}

TEST_CASE("clear text needs insecure, and says so at the line of tls") {
  CHECK(contains(problem_of(mailbox("tls = \"none\"")), "config.toml:7: tls = \"none\""));
  CHECK(contains(problem_of(mailbox("tls = \"none\"\ninsecure = false")), "insecure = true"));
  const Mailbox clear = only(mailbox("tls = \"none\"\ninsecure = true"));
  CHECK(clear.tls == Tls::none);
  CHECK(clear.insecure);
  CHECK(contains(problem_of(mailbox("insecure = \"yes\"")),
                 "'insecure' is of the wrong type; write insecure = true or false"));
}

TEST_CASE("the port follows tls unless it is given") {
  CHECK(only(mailbox()).port == 993);
  CHECK(only(mailbox("tls = \"implicit\"")).port == 993);
  CHECK(only(mailbox("tls = \"starttls\"")).port == 143);
  CHECK(only(mailbox("tls = \"none\"\ninsecure = true")).port == 143);
  CHECK(only(mailbox("port = 10993\ntls = \"starttls\"")).port == 10993);
  CHECK(contains(problem_of(mailbox("tls = \"ssl\"")),
                 "'tls' is one of \"implicit\", \"starttls\", \"none\""));
}

TEST_CASE("a port lies between 1 and 65535") {
  CHECK(only(mailbox("port = 1")).port == 1);
  CHECK(only(mailbox("port = 65535")).port == 65535);
  for (const char* wrong : {"0", "65536", "-1", "99999999999", "4294968289"})
    CHECK(contains(problem_of(mailbox(std::string("port = ") + wrong)),
                   "'port' must lie between 1 and 65535"));
  for (const char* wrong : {"\"993\"", "993.0", "true"})
    CHECK(contains(problem_of(mailbox(std::string("port = ") + wrong)), "wrong type"));
}

TEST_CASE("a host is a name alone") {
  const auto host = [](const std::string& text) {
    return "[[mailbox]]\nuser = \"u\"\npassword-env = \"X\"\nhost = \"" + text + "\"\n";
  };
  for (const char* good : {"imap.example.com", "localhost", "192.0.2.1", "2001:db8::1",
                           "[2001:db8::1]", "bücher.example"})
    CHECK(only(host(good)).host == good);
  CHECK(contains(problem_of(host("")), "'host' is empty"));
  for (const char* wrong : {"imaps://imap.example.com", "imap.example.com:993", "a b", "user@host",
                            "host/path", " host"})
    CHECK_MESSAGE(contains(problem_of(host(wrong)), "config.toml:4: 'host' takes the name alone"),
                  wrong);
}

TEST_CASE("a missing host is named, with the provider's where that is known") {
  const std::string rest = "password-env = \"X\"\nuser = ";
  CHECK(problem_of("[[mailbox]]\n" + rest + "\"me@gmail.com\"\n") ==
        "config.toml:1: [[mailbox]] has no host; write host = \"imap.gmail.com\"");
  CHECK(problem_of("[[mailbox]]\n" + rest + "\"me@example.com\"\n") ==
        "config.toml:1: [[mailbox]] has no host");
}

TEST_CASE("a misspelt key is told rather than what is missing because of it") {
  CHECK(starts(problem_of("[[mailbox]]\nhots = \"h\"\nuser = \"u\"\npassword-env = \"X\"\n"),
               "config.toml:2: unknown key 'hots'"));
  CHECK(contains(problem_of(signing_in("pasword-env = \"X\"")), "did you mean 'password-env'?"));
}

TEST_CASE("the user is the address unless given, one of both is needed") {
  const std::string rest = "[[mailbox]]\nhost = \"imap.example.com\"\npassword-env = \"X\"\n";
  CHECK(only(rest + "address = \"a@example.com\"\n").user == "a@example.com");
  CHECK(only(mailbox()).user == "reader@example.com");
  CHECK(contains(problem_of(rest), "needs a user"));
  CHECK(contains(problem_of(rest + "user = \"\"\n"), "'user' is empty"));
  CHECK(contains(problem_of(rest + "user = \"a\\r\\nb\"\n"), "control characters"));
  for (const char* wrong : {"bot", "@example.com", "bot@", "a b@example.com", "<a@example.com>"})
    CHECK(contains(problem_of(rest + "address = \"" + wrong + "\"\n"),
                   "'address' is no mail address"));
}

TEST_CASE("mailboxes need names of their own") {
  const std::string second = "[[mailbox]]\nhost = \"h\"\nuser = \"u\"\npassword-env = \"X\"\n";
  CHECK(must_parse(mailbox() + second + "name = \"second\"\n").mailboxes.size() == 2);
  CHECK(problem_of(mailbox() + second + "name = \"main\"\n") ==
        "config.toml:8: two mailboxes are named 'main' (the other in line 1)");
  CHECK(problem_of(mailbox() + second) ==
        "config.toml:8: [[mailbox]] needs a name where there are several");
  for (const char* wrong : {"a/b", "a b", "ä"})
    CHECK(contains(problem_of(second + "name = \"" + wrong + "\"\n"),
                   "'name' takes up to 64 letters"));
  CHECK(only(second + "name = \"" + std::string(64, 'n') + "\"\n").name.size() == 64);
  CHECK(contains(problem_of(second + "name = \"" + std::string(65, 'n') + "\"\n"), "64"));
}

TEST_CASE("folders are texts without control characters, each once") {
  CHECK(only(mailbox("folders = [\"INBOX\", \"inbox/a\"]")).folders ==
        std::vector<std::string>{"INBOX", "inbox/a"});
  CHECK(contains(problem_of(mailbox("folders = []")), "'folders' is empty"));
  CHECK(contains(problem_of(mailbox("folders = [\"\"]")), "'folders' is empty"));
  CHECK(contains(problem_of(mailbox("folders = [\"IN\\r\\nBOX\"]")), "control characters"));
  CHECK(contains(problem_of(mailbox("folders = \"INBOX\"")), "write folders = [\"…\"]"));
  CHECK(contains(problem_of(mailbox("folders = [\"a\", 5]")), "texts only"));
  CHECK(contains(problem_of(mailbox("folders = [\"Inbox\", \"a\", \"INBOX\"]")), "twice"));
}

TEST_CASE("a problem in a list of several lines is told at its own line") {
  CHECK(starts(problem_of(mailbox("folders = [\n  \"a\",\n  \"b\\u0007\",\n]")), "config.toml:9:"));
}

TEST_CASE("probe is auto, off or a duration") {
  CHECK(only(mailbox("probe = \"auto\"")).probe_auto);
  CHECK_FALSE(only(mailbox("probe = \"auto\"")).probe.has_value());
  CHECK_FALSE(only(mailbox("probe = \"off\"")).probe_auto);
  CHECK_FALSE(only(mailbox("probe = \"off\"")).probe.has_value());
  CHECK(only(mailbox("probe = \"20ms\"")).probe == Duration(20ms));
  CHECK_FALSE(only(mailbox("probe = \"20ms\"")).probe_auto);
  for (const char* wrong : {"\"0ms\"", "\"often\"", "true", "\"2m\""})
    CHECK(contains(problem_of(mailbox(std::string("probe = ") + wrong)), "config.toml:7: 'probe'"));
}

TEST_CASE("poll lies between 50 ms and an hour") {
  CHECK(only(mailbox("poll = \"50ms\"")).poll == 50ms);
  CHECK(contains(problem_of(mailbox("poll = \"49ms\"")), "between 50ms and 1h"));
  CHECK(contains(problem_of(mailbox("poll = \"61m\"")), "between 50ms and 1h"));
}

TEST_CASE("a proxy has a known scheme, a host and no password, and is not told back") {
  for (const char* good :
       {"socks5h://localhost:1080", "http://proxy.example.com:3128", "socks5://[::1]:1080"})
    CHECK(only(mailbox("proxy = \"" + std::string(good) + "\"")).proxy == good);
  for (const char* wrong : {"proxy.example.com:3128", "ftp://x", "http://", "http://a b",
                            "http://user:hunter2x@proxy.example.com"}) {
    const std::string problem = problem_of(mailbox("proxy = \"" + std::string(wrong) + "\""));
    CHECK_MESSAGE(starts(problem, "config.toml:7: 'proxy' "), problem);
    CHECK_FALSE(contains(problem, "hunter"));
  }
}

TEST_CASE("recipients and recipient headers are checked") {
  CHECK(only(mailbox("recipients = \"all\"")).recipients_all);
  CHECK_FALSE(only(mailbox("recipients = \"one\"")).recipients_all);
  CHECK(contains(problem_of(mailbox("recipients = \"every\"")),
                 "'recipients' is one of \"one\", \"all\""));
  CHECK(contains(problem_of(mailbox("recipient-headers = [\"Delivered-To:\"]")),
                 "no name of a header field"));
  CHECK(
      contains(problem_of(mailbox("recipient-headers = [\"X Y\"]")), "no name of a header field"));
}

TEST_CASE("paths of files are given from the root") {
  CHECK(only(mailbox("ca-file = \"/etc/ssl/ca.pem\"")).ca_file == "/etc/ssl/ca.pem");
  CHECK(contains(problem_of(mailbox("ca-file = \"ca.pem\"")), "from the root"));
  CHECK(contains(problem_of(mailbox("ca-file = \"~/ca.pem\"")), "from the root"));
}

TEST_CASE("identity tells the account and nothing else") {
  CHECK(only(mailbox()).identity() == "imaps://reader@example.com@imap.example.com:993");
  Mailbox mailbox;
  mailbox.host = "2001:db8::1";
  mailbox.user = "u";
  mailbox.tls = Tls::starttls;
  mailbox.port = 143;
  CHECK(mailbox.identity() == "imap://u@[2001:db8::1]:143");
  mailbox.host = "IMAP.Example.com";
  CHECK(mailbox.identity() == "imap://u@imap.example.com:143");
}
