// M12, M13: mails that try to cost time, memory or stack. Each is read in a thread with a stack of
// 256 KiB.
#include "message/message.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <functional>
#include <pthread.h>
#include <string>

using namespace otpctl;
using namespace otpctl::message;

namespace {

#ifdef OTPCTL_SANITIZED
constexpr std::size_t kStack = 1024 * 1024;  // frames are larger
constexpr int kSlower = 6;
#else
constexpr std::size_t kStack = 256 * 1024;
constexpr int kSlower = 1;
#endif

std::string repeat(std::string_view piece, std::size_t count) {
  std::string out;
  out.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += piece;
  return out;
}

Message read_on_small_stack(const std::string& bytes) {
  struct Job {
    const std::string& bytes;
    Message out;
  } job{bytes, {}};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, kStack) == 0);
  pthread_t thread;
  const auto work = [](void* argument) -> void* {
    Job& mine = *static_cast<Job*>(argument);
    mine.out = read_mail({{}, mine.bytes}, {"catchall@example.com", {}});
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, work, &job) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return job.out;
}

Message read_quickly(const std::string& bytes) {
  read_mail({{}, "To: warm@example.com\r\n\r\n"}, {});
  const auto begin = std::chrono::steady_clock::now();
  Message out = read_on_small_stack(bytes);
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took < std::chrono::milliseconds(200) * kSlower);
  return out;
}

bool has_problem(const Message& message, std::string_view text) {
  for (const std::string& problem : message.problems) {
    if (problem == text) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("M12 500,000 To fields") {
  const Message message = read_quickly(repeat("To: bot5@example.com\r\n", 500'000) + "\r\n482913");
  CHECK(has_problem(message, "over 1,000 header fields"));
  CHECK(message.recipients.claimed == std::vector<std::string>{"bot5@example.com"});
  CHECK(message.text == "482913");
}

TEST_CASE("M12 a million header lines") {
  CHECK(read_quickly(repeat("x\n", 1'000'000) + "\n482913").text == "482913");
  CHECK(read_quickly(repeat("X:\n", 1'000'000) + "\n482913").text == "482913");
}

TEST_CASE("M12 one header field of 50 MB") {
  const Message message =
      read_quickly("To: bot5@example.com\nX: " + repeat("y", 50'000'000) + "\n\n482913");
  CHECK(has_problem(message, "header over 64 KiB"));
  CHECK(message.recipients.claimed.size() == 1);
  CHECK(message.text == "482913");
}

TEST_CASE("M12 100,000 parameters and 100,000 addresses in one field") {
  std::string parameters = "Content-Type: text/plain";
  for (int i = 0; i < 100'000; ++i) parameters += "; x*" + std::to_string(i) + "=y";
  CHECK(read_quickly(parameters + "\n\n482913").text == "482913");
  CHECK(read_quickly("Content-Type: text/plain" + repeat("; a*=utf-8''b", 4'000) + "\n\n482913")
            .text == "482913");
  CHECK(has_problem(read_quickly("To: " + repeat("a@example.com, ", 100'000) + "\n\n"),
                    "header over 64 KiB"));
  CHECK(has_problem(read_quickly("To: " + repeat("a@b,", 16'000) + "\n\n"), "over 200 addresses"));
}

TEST_CASE("M12 one address field full of what a parser could recurse on") {
  for (const std::string piece :
       {"(", "\"", "<", "@", "a:", "a:b@c,", "=?utf-8?q?a?= ", ";", ",", "\\", "[", "a.", "(a)"}) {
    CAPTURE(piece);
    read_quickly("To: " + repeat(piece, 60'000 / piece.size()) + "\nFrom: " + piece + "\n\n482913");
  }
}

TEST_CASE("M13 multiparts 10,000 deep") {
  std::string mail = "Subject: x\n";
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "b" + std::to_string(i);
    mail += "Content-Type: multipart/mixed; boundary=" + name + "\n\n--" + name + "\n";
  }
  const Message message = read_quickly(mail + "\n482913");
  CHECK(has_problem(message, "nested deeper than 20"));
  CHECK(message.text == "");
}

TEST_CASE("M13 20 multiparts deep are read, one more is not") {
  const auto nested = [](int depth) {
    std::string mail;
    for (int i = 0; i < depth; ++i) {
      const std::string name = "b" + std::to_string(i);
      mail += "Content-Type: multipart/mixed; boundary=" + name + "\n\n--" + name + "\n";
    }
    return read_on_small_stack(mail + "\n482913");
  };
  CHECK(nested(20).text == "482913");
  CHECK(nested(20).problems.empty());
  CHECK(nested(21).text == "");
  CHECK(has_problem(nested(21), "nested deeper than 20"));
}

TEST_CASE("M13 messages attached in messages 10,000 deep are one leaf") {
  CHECK(read_quickly(repeat("Content-Type: message/rfc822\n\n", 10'000) + "482913").text == "");
}

TEST_CASE("M13 a million parts, 100 are read, one more is not") {
  const std::string head = "Content-Type: multipart/mixed; boundary=b\n\n";
  CHECK(has_problem(read_quickly(head + repeat("--b\n\n", 1'000'000)), "over 100 parts"));
  CHECK_FALSE(has_problem(read_quickly(head + repeat("--b\n\nx\n", 100)), "over 100 parts"));
  CHECK(has_problem(read_quickly(head + repeat("--b\n\nx\n", 101)), "over 100 parts"));
}

TEST_CASE("M13 a million lines that look like boundaries, below 20 open multiparts") {
  std::string mail;
  for (int i = 0; i < 20; ++i) {
    const std::string name = std::string(100, 'b') + std::to_string(i);
    mail += "Content-Type: multipart/mixed; boundary=" + name + "\n\n--" + name + "\n";
  }
  const Message message =
      read_quickly(mail + "\n482913\n" + repeat("--" + std::string(99, 'b') + "\n", 50'000));
  CHECK(message.text.starts_with("482913\n"));
}

TEST_CASE("M13 garbage in base64 and quoted-printable") {
  for (const std::string name : {"base64", "quoted-printable", "x-uuencode", "nonsense"}) {
    CAPTURE(name);
    const std::string head = "Content-Transfer-Encoding: " + name + "\n\n";
    read_quickly(head + repeat("=", 1'000'000));
    read_quickly(head + repeat("=\xff\x01!Zz", 200'000));
    read_quickly(head + repeat("QUJD", 1'000'000));
  }
}

TEST_CASE("M13 a mail that begins with its blank line has a body and no header") {
  const Message message = read_quickly("\n" + repeat("Subject: x\n", 100'000) + "482913");
  CHECK(message.subject.empty());
  CHECK(message.text.size() == 256 * 1024);
  CHECK(read_quickly("\r\n482913").text == "482913");
}

TEST_CASE("M13 a million lines that look like quotes and heads of mails") {
  for (const std::string piece : {">\n", "> x\ny\n", "--------\n", "From: a@example.com\n", "-----x-----\nA: @\nB: c\n",
                                  "On 1 a@b wrote:\n", "wrote:\n\n\n", ":\n", "a{b:c}", "@import a;", "/**/", "@media{",
                                  "<p>x</p>", "Date: 1\n", "\n"}) {
    CAPTURE(piece);
    read_quickly("Subject: Re: x\n\n" + repeat(piece, 1'000'000 / piece.size()));
    read_quickly("Content-Type: text/html\n\n<pre>" + repeat(piece, 1'000'000 / piece.size()));
  }
}

TEST_CASE("M13 attached mails cost their bytes, however many there are") {
  const std::string inner = "Content-Type: message/rfc822\n\n" + repeat("Content-Type: message/rfc822\n\n", 50'000);
  read_quickly("Subject: Fwd: x\nContent-Type: multipart/mixed; boundary=b\n\n" + repeat("--b\n" + inner + "\n", 3));
}

TEST_CASE("M13 headers of parts are cut too") {
  const std::string head = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
  CHECK(read_quickly(head + repeat("X: y\n", 500'000) + "\n482913").text == "482913");
  CHECK(read_quickly(head + "Content-Type: text/plain; " + repeat("a=b; ", 10'000) + "\n\n482913")
            .text == "482913");
}

TEST_CASE("a mail of 25 MB costs what finding its boundaries costs") {
  const std::string mail =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n482913\n--b\nContent-Type: image/png\n"
      "Content-Transfer-Encoding: base64\n\n" +
      repeat(std::string(76, 'A') + "\n", 325'000) + "--b--\n";
  CHECK(read_quickly(mail).text == "482913");
}
