#include "support.hpp"

#include <algorithm>

using namespace otpctl;
using namespace otpctl::config;
using namespace std::chrono_literals;

TEST_CASE("an empty file is the embedded default") {
  Config expected;
  expected.path = "config.toml";
  CHECK(must_parse("") == expected);
  CHECK(must_parse("# nothing\r\n\n") == expected);
  CHECK(expected.wait_timeout == 120s);
  CHECK(expected.wait_since == 30s);
  CHECK(expected.session_ttl == 600s);
  CHECK(expected.keep == 600s);
}

TEST_CASE("every key of every section arrives where it belongs") {
  const Config config = must_parse(R"(
[wait]
timeout = "90s"
since = "1m30s"
[session]
ttl = "15m"
keep = "5m"
[phone]
default-region = "tr"
[log]
level = "debug"
file = "/var/log/otpctl.log"
[[mailbox]]
name = "work-1.a_b"
address = "catchall@example.com"
host = "imap.example.com"
port = 1993
tls = "starttls"
insecure = true
ca-file = "/etc/ssl/private-ca.pem"
user = "reader"
token-command = ["oama", "access", "me@example.com"]
folders = ["INBOX", "Junk.2026", "Gönderilmiş"]
poll = "5s"
probe = "25ms"
proxy = "socks5h://127.0.0.1:1080"
recipients = "all"
recipient-headers = ["Delivered-To", "X-Original-To"]
[[pattern]]
regex = 'PIN[:\s]+(\d{4})'
[[rule]]
from = "*@bank.example"
label = "Ihr Zugang:"
[[rule]]
from = "MyBank"
pattern = 'TAN (\d+)'
)");
  Config expected;
  expected.path = "config.toml";
  expected.wait_timeout = 90s;
  expected.wait_since = 90s;
  expected.session_ttl = 15min;
  expected.keep = 5min;
  expected.default_region = "TR";
  expected.default_region_line = 9;
  expected.log_level = "debug";
  expected.log_file = "/var/log/otpctl.log";
  Mailbox mailbox;
  mailbox.name = "work-1.a_b";
  mailbox.address = "catchall@example.com";
  mailbox.host = "imap.example.com";
  mailbox.port = 1993;
  mailbox.tls = Tls::starttls;
  mailbox.insecure = true;
  mailbox.ca_file = "/etc/ssl/private-ca.pem";
  mailbox.user = "reader";
  mailbox.token = {SecretSource::Kind::command, {"oama", "access", "me@example.com"}, ""};
  mailbox.proxy = "socks5h://127.0.0.1:1080";
  mailbox.folders = {"INBOX", "Junk.2026", "Gönderilmiş"};
  mailbox.poll = 5s;
  mailbox.probe = 25ms;
  mailbox.probe_auto = false;
  mailbox.recipient_headers = {"Delivered-To", "X-Original-To"};
  mailbox.recipients_all = true;
  mailbox.line = 13;
  expected.mailboxes = {mailbox};
  expected.patterns = {{R"(PIN[:\s]+(\d{4}))", 30}};
  expected.rules = {{"*@bank.example", "", "Ihr Zugang:", 31, 33}, {"MyBank", R"(TAN (\d+))", "", 34, 36}};
  CHECK(config == expected);
}

TEST_CASE("the smallest mailbox takes its defaults") {
  const Config config = must_parse(
      "[[mailbox]]\nhost = \"imap.example.com\"\nuser = \"u\"\npassword-env = \"IMAP_PASSWORD\"\n");
  Mailbox expected;
  expected.name = "main";
  expected.host = "imap.example.com";
  expected.user = "u";
  expected.password = {SecretSource::Kind::env, {}, "IMAP_PASSWORD"};
  expected.line = 1;
  REQUIRE(config.mailboxes.size() == 1);
  CHECK(config.mailboxes[0] == expected);
  CHECK(expected.port == 993);
  CHECK(expected.probe_auto);
}

TEST_CASE("a misspelt key is refused with its line and the nearest right one") {
  CHECK(problem_of(mailbox("pasword-file = \"/x\"")) ==
        "config.toml:7: unknown key 'pasword-file' in [[mailbox]]; did you mean 'password-file'?");
  CHECK(problem_of("[wait]\ntimout = \"5s\"\n") ==
        "config.toml:2: unknown key 'timout' in [wait]; did you mean 'timeout'?");
  CHECK(problem_of("[session]\nzzz = 1\n") == "config.toml:2: unknown key 'zzz' in [session]");
  CHECK(problem_of("[[pattern]]\nregx = '(a)'\n") ==
        "config.toml:2: unknown key 'regx' in [[pattern]]; did you mean 'regex'?");
}

TEST_CASE("a misspelt section and a key outside of all are refused") {
  CHECK(problem_of("\n[mailboxes]\n") ==
        "config.toml:2: unknown section [mailboxes]; did you mean [[mailbox]]?");
  CHECK(problem_of("[sesion]\nttl = \"5m\"\n") ==
        "config.toml:1: unknown section [sesion]; did you mean [session]?");
  CHECK(problem_of("timeout = \"5s\"\n") ==
        "config.toml:1: unknown key 'timeout' outside of any section");
}

TEST_CASE("control characters of a key do not reach the terminal") {
  CHECK(problem_of("\"a\\u001b[2J\\nb\" = 1\n") ==
        "config.toml:1: unknown key 'a\\x1b[2J\\x0ab' outside of any section");
}

TEST_CASE("doors of later versions are refused plainly, not ignored") {
  CHECK(contains(problem_of("[smtp]\nlisten = [\"127.0.0.1:2525\"]\n"),
                 "config.toml:1: this version of otpctl has no SMTP door yet"));
  CHECK(contains(problem_of("[lmtp]\nlisten = []\n"), "no LMTP door"));
  CHECK(contains(problem_of("[webhook]\nlisten = \"127.0.0.1:8825\"\n"), "no webhook door"));
  CHECK(contains(problem_of("[[sms]]\nname = \"phone1\"\n"), "no SMS provider door"));
}

TEST_CASE("the first problem of the file is told, whatever is read first") {
  CHECK(starts(problem_of("[log]\nlevel = \"loud\"\n[wait]\ntimeout = \"x\"\n"), "config.toml:2:"));
  CHECK(starts(problem_of("[wait]\ntimeout = \"x\"\n[log]\nlevel = \"loud\"\n"), "config.toml:2:"));
  CHECK(starts(problem_of(mailbox("poll = \"x\"\nunknown-thing = 1")), "config.toml:7:"));
  CHECK(starts(problem_of(mailbox("unknown-thing = 1\npoll = \"x\"")), "config.toml:7:"));
}

TEST_CASE("a section with the wrong number of brackets is refused with the right one") {
  CHECK(contains(problem_of("[mailbox]\nname = \"main\"\n"), "config.toml:1: write [[mailbox]]"));
  CHECK(contains(problem_of("[[wait]]\ntimeout = \"5s\"\n"), "write [wait], once"));
  CHECK(contains(problem_of("wait = 5\n"), "write [wait], once"));
  CHECK(contains(problem_of("mailbox = [1, 2]\n"), "write [[mailbox]]"));
  CHECK(contains(problem_of("pattern = \"x\"\n"), "write [[pattern]]"));
}

TEST_CASE("durations are texts or whole seconds") {
  CHECK(must_parse("[wait]\ntimeout = 45\nsince = \"0s\"\n").wait_timeout == 45s);
  CHECK(must_parse("[wait]\nsince = \"now\"\n").wait_since == 0s);
  CHECK(must_parse("[wait]\nsince = 0\n").wait_since == 0s);
  CHECK(must_parse("[session]\nkeep = \"1h30m\"\n").keep == 90min);
}

TEST_CASE("impossible durations are refused with the line") {
  for (const char* wrong : {"\"\"", "\"soon\"", "\"-5s\"", "\"5 s\"", "\"none\"", "\"0s\"", "0",
                            "-5", "\"999999999999d\"", "\"now\"", "\"999ms\"", "99999999999999",
                            "1.5", "true", "[]", "1979-05-27"})
    CHECK_MESSAGE(starts(problem_of(std::string("[wait]\ntimeout = ") + wrong + "\n"),
                         "config.toml:2: 'timeout'"),
                  wrong);
  CHECK(starts(problem_of("[session]\nttl = \"0s\"\n"), "config.toml:2: 'ttl'"));
  CHECK(contains(problem_of("[session]\nkeep = \"8d\"\n"), "between 1s and 7d"));
  CHECK(starts(problem_of("[wait]\nsince = \"later\"\n"), "config.toml:2: 'since'"));
}

TEST_CASE("the store is on disk and keeps seven days unless it is said otherwise") {
  CHECK_FALSE(must_parse("").store_in_memory);
  CHECK(must_parse("").history == 7 * 24h);
  const Config config = must_parse("[store]\nmemory = true\nhistory = \"48h\"\n");
  CHECK(config.store_in_memory);
  CHECK(config.history == 48h);
  CHECK(must_parse("[store]\nmemory = false\nhistory = 3600\n").history == 1h);
  CHECK(must_parse("[store]\nhistory = \"8760h\"\n").history == 8760h);
}

TEST_CASE("a history of less than an hour or more than a year, and a memory that is no yes or no, are refused") {
  for (const char* wrong : {"\"59m\"", "\"8761h\"", "\"0s\"", "\"none\"", "true"})
    CHECK_MESSAGE(starts(problem_of(std::string("[store]\nhistory = ") + wrong + "\n"), "config.toml:2: 'history'"), wrong);
  CHECK(contains(problem_of("[store]\nhistory = \"59m\"\n"), "between 1h and 365d"));
  for (const char* wrong : {"\"yes\"", "1", "\":memory:\""})
    CHECK_MESSAGE(starts(problem_of(std::string("[store]\nmemory = ") + wrong + "\n"), "config.toml:2: 'memory'"), wrong);
  CHECK(contains(problem_of("[store]\nmemroy = true\n"), "did you mean 'memory'?"));
  CHECK(contains(problem_of("[stroe]\nmemory = true\n"), "did you mean [store]?"));
}

TEST_CASE("a region is two letters") {
  CHECK(must_parse("[phone]\ndefault-region = \"DE\"\n").default_region == "DE");
  for (const char* wrong : {"TUR", "T", "+9", "T1", "tü"})
    CHECK_MESSAGE(contains(problem_of("[phone]\ndefault-region = \"" + std::string(wrong) + "\"\n"),
                           "two letters"),
                  wrong);
  CHECK(contains(problem_of("[phone]\ndefault-region = 90\n"), "wrong type"));
}

TEST_CASE("log levels are the known ones and the file is a path from the root") {
  CHECK(contains(problem_of("[log]\nlevel = \"verbose\"\n"),
                 "\"trace\", \"debug\", \"info\", \"warning\", \"error\", \"off\""));
  CHECK(contains(problem_of("[log]\nfile = \"agent.log\"\n"), "from the root"));
  CHECK(contains(problem_of("[log]\nfile = \"/var/log/a\\u0000b\"\n"), "control characters"));
}

TEST_CASE("patterns keep the line of their regex and need a regex of at most 500 bytes") {
  const Config config = must_parse("[[pattern]]\nregex = '(a)'\n\n[[pattern]]\nregex = '(b)'\n");
  CHECK(config.patterns == std::vector<UserPattern>{{"(a)", 2}, {"(b)", 5}});
  CHECK(problem_of("[[pattern]]\n") == "config.toml:1: [[pattern]] needs a regex");
  CHECK(contains(problem_of("[[pattern]]\nregex = ''\n"), "empty"));
  CHECK(must_parse("[[pattern]]\nregex = '" + std::string(500, 'x') + "'\n").patterns.size() == 1);
  CHECK(
      contains(problem_of("[[pattern]]\nregex = '" + std::string(501, 'x') + "'\n"), "500 bytes"));
}

TEST_CASE("a rule needs a sender and either a pattern or a label, none of them endless") {
  CHECK(problem_of("[[rule]]\nlabel = \"a\"\n") == "config.toml:1: [[rule]] needs a 'from': whose messages it is for");
  CHECK(problem_of("[[rule]]\nfrom = \"*\"\n") == "config.toml:1: [[rule]] needs a 'pattern' or a 'label'");
  CHECK(problem_of("[[rule]]\nfrom = \"*\"\npattern = '(a)'\nlabel = \"a\"\n") ==
        "config.toml:4: [[rule]] takes a 'pattern' or a 'label', not both");
  CHECK(problem_of("[[rule]]\nform = \"*\"\nlabel = \"a\"\n") ==
        "config.toml:2: unknown key 'form' in [[rule]]; did you mean 'from'?");
  CHECK(contains(problem_of("[rule]\nfrom = \"*\"\n"), "write [[rule]] with double brackets"));
  CHECK(contains(problem_of("[[rulle]]\n"), "did you mean [[rule]]?"));
  CHECK(contains(problem_of("[[rule]]\nfrom = 5\nlabel = \"a\"\n"), "config.toml:2: 'from' is of the wrong type"));
  const auto sized = [](std::size_t from, const char* key, std::size_t what) {
    return "[[rule]]\nfrom = \"" + std::string(from, 'x') + "\"\n" + key + " = \"" + std::string(what, 'y') + "\"\n";
  };
  CHECK(must_parse(sized(320, "label", 200)).rules.size() == 1);
  CHECK(must_parse(sized(1, "pattern", 500)).rules.size() == 1);
  CHECK(problem_of(sized(321, "label", 1)) == "config.toml:2: 'from' has more than 320 bytes");
  CHECK(problem_of(sized(1, "label", 201)) == "config.toml:3: 'label' has more than 200 bytes");
  CHECK(problem_of(sized(1, "pattern", 501)) == "config.toml:3: 'pattern' has more than 500 bytes");
  std::string many;
  for (int i = 0; i < 200; ++i) many += sized(1, "label", 1);
  CHECK(must_parse(many).rules.size() == 200);
  CHECK(problem_of(many + sized(1, "label", 1)) == "config.toml:601: more than 200 of [[rule]]");
}

// ---- what is no TOML ----

TEST_CASE("a syntax error tells file, line and kind") {
  CHECK(
      starts(problem_of("[wait]\ntimeout = \"5s\n"), "config.toml:2: no valid TOML (in a string)"));
  CHECK(starts(problem_of("\n\nkey\n"), "config.toml:3: no valid TOML"));
  CHECK(starts(problem_of("[wait\n"), "config.toml:1: no valid TOML"));
  CHECK(starts(problem_of("\xff\n"), "config.toml:1: no valid TOML"));
}

TEST_CASE("input on which the parser's own assertions fail is a syntax error with its line") {
  for (const char* header : {"[=]", "[\x1b[wait]", "[[\x01]]", "[ ,", "[\xc3\xa4]"}) {
    for (int before = 0; before < 5; ++before) {
      const std::string toml = std::string(static_cast<std::size_t>(before), '\n') + header + "\n[wait]\n";
      const std::string expected = "config.toml:" + std::to_string(before + 1) + ": no valid TOML";
      CHECK_MESSAGE(starts(problem_of(toml), expected), header);
    }
    CHECK(starts(problem_of(header), "config.toml:1: no valid TOML"));
  }
}

TEST_CASE("letters beyond ASCII are fine in texts and comments and a syntax error elsewhere") {
  CHECK(must_parse("# ü\n[log]  # ɜ\nfile = \"/var/log/ü\"\n").log_file == "/var/log/ü");
  CHECK(must_parse("[log]\nfile = \"\"\"\\\n  /ü\"\"\"\n").log_file == "/ü");
  for (const char* line : {"ü = 1", "tokɜn = 1", "a = ü", "a = 1 ü", "a = 1ü", "a = \"\\ü\"", "a = [ü]", "a ü= 1",
                           "a = \"\"\"\\ü\"\"\"", "a = {ü = 1}", "a.ü = 1", "[wait] ü"}) {
    CHECK_MESSAGE(starts(problem_of("\n" + std::string(line) + "\n"), "config.toml:2: no valid TOML"), line);
  }
}

TEST_CASE("a key or section that stands twice is named") {
  CHECK(contains(problem_of("[wait]\nsince = 1\nsince = 2\n"),
                 "config.toml:3: given twice: integer 'since'"));
  CHECK(contains(problem_of("[wait]\n[log]\n[wait]\n"), "given twice: table 'wait'"));
}

TEST_CASE("a syntax error never repeats a piece of the line") {
  for (const char* line :
       {"password = hunter2x", "password = 1hunter2x", "password = \"hunter2x",
        "password = \"a\" hunter2x", "password = truehunter2x", "password = fhunter2x",
        "password = 0xhunter2x", "password = \"\\hunter2x\"", "password = nan_hunter2x",
        "password = 'hunter2x", "hunter2x", "password = 1e9999999", "password : hunter2x"}) {
    const std::string problem = problem_of(mailbox(line));
    CHECK_MESSAGE(starts(problem, "config.toml:7: "), problem);
    CHECK_MESSAGE(!contains(problem, "hunter"), problem);
    CHECK_MESSAGE(!contains(problem, "hun"), problem);
    CHECK_MESSAGE(!contains(problem, "9999"), problem);
  }
}

TEST_CASE("deep nesting by brackets or dots is refused, not followed") {
  for (const std::string& part : {std::string("["), std::string("{a="), std::string("a.")}) {
    std::string toml = part == "a." ? "" : "x = ";
    for (int i = 0; i < 100'000; ++i) toml += part;
    CHECK(starts(problem_of(toml + "a = 1\n"), "config.toml:1: "));
  }
  std::string spread = "x = ";
  for (int i = 0; i < 5'000; ++i)
    spread += "[{" + std::string("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=\n");
  CHECK(starts(problem_of(spread), "config.toml:"));
  CHECK(contains(problem_of("[a" + std::string("\n")), "no valid TOML"));
}

TEST_CASE("a line of 100 dots is read, one more is refused") {
  const auto regex = [](int dots) {
    return "[[pattern]]\nregex = '" + std::string(static_cast<std::size_t>(dots), '.') + "'\n";
  };
  CHECK(must_parse(regex(100)).patterns.size() == 1);
  CHECK(problem_of(regex(101)) == "config.toml:2: more than 100 dots in one line");
}

TEST_CASE("a file of over 1 MiB is refused unread") {
  CHECK(must_parse(std::string(1024 * 1024, '\n')).mailboxes.empty());
  CHECK(problem_of(std::string(1024 * 1024 + 1, '\n')) == "config.toml: longer than 1 MiB");
}
