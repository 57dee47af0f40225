// How fast a message becomes a verdict, on one core: short messages, HTML mails of 30 KB, and whether ten times the
// bytes take ten times the time. Everything that the agent does between the bytes and the code is in it.
//   build/release/bench/bench_extract [SECONDS]
#include "code/code.hpp"
#include "code/lexicon.hpp"
#include "message/message.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <ctime>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace otpctl;

/// Of this process: others on the machine do not count.
std::chrono::duration<double> cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

const std::vector<std::string> kTexts = {
    "482913 is your Example verification code. Don't share it with anyone.",
    "Example Bank: OTP 482913 for EUR 45.90 at EXAMPLE SHOP with card *4410. Ref: 77120934. Valid for 5 minutes.",
    "Your parcel 48291377 arrives today between 14:30 and 16:00. Track it: https://example.com/t/48291377",
    "Doğrulama kodunuz: 482913. Kimseyle paylaşmayın. B001",
    "【Example】验证码482913，10分钟内有效，请勿告知他人。",
    "Ваш код подтверждения: 482913. Никому его не сообщайте.",
    "รหัส OTP ของคุณคือ 482913 (Ref: ABCD) ใช้ได้ภายใน 5 นาที",
    "كود التحقق الخاص بك هو ٤٨٢٩١٣",
    "Ihr Einmalpasswort lautet 482913. Es ist 10 Minuten gültig.",
    "Sale! Use code SAVE20 at checkout for 20% off. Ends 30 Nov. Reply STOP to 72999.",
};

std::string html_mail(std::size_t size) {
  std::string body = "<html><head><style>.a{color:#202123;width:560px}</style></head><body>"
                     "<div style=\"display:none;max-height:0\">Your Example code</div>"
                     "<table width=\"600\"><tr><td><p style=\"font-size:14px\">Hi Anna,</p><p>Your verification code is</p>"
                     "<div style=\"font-size:28px;font-weight:bold\">482&nbsp;913</div>";
  while (body.size() + 200 < size) {
    body += "<tr><td style=\"padding:8px 16px;font-family:Arial,sans-serif\"><p class=\"a\">You get this mail because you have "
            "an account at Example. Order 99887766 of 20 Nov 2026, EUR 45.90.</p><a href=\"https://example.com/u?id=12345678\">"
            "Unsubscribe</a></td></tr>\r\n";
  }
  body += "</table></body></html>\r\n";
  return "From: Example <no-reply@shop.example>\r\nTo: bot5@example.com\r\nSubject: Your verification code\r\n"
         "Message-ID: <1@shop.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body;
}

template <class Work>
double per_second(double seconds, Work work) {
  std::size_t done = 0;
  const auto begin = cpu_time();
  std::chrono::duration<double> passed{};
  do {
    done += work();
    passed = cpu_time() - begin;
  } while (passed.count() < seconds);
  return static_cast<double>(done) / passed.count();
}

std::size_t read_texts() {
  std::size_t codes = 0;
  for (const std::string& text : kTexts) {
    codes += code::extract(message::read_sms({"", "Example", text, {}}, "TR"), {}).codes.size();
  }
  if (codes != 8) {
    std::fprintf(stderr, "bench: %zu codes instead of 8\n", codes);
    std::exit(1);
  }
  return kTexts.size();
}

std::size_t read_mail(const std::string& bytes) {
  const auto mail = message::read_mail({{}, bytes}, {"catchall@example.com", {}});
  if (code::extract(mail, {}).codes.size() != 1) {
    std::fprintf(stderr, "bench: a mail of %zu bytes has no code\n", bytes.size());
    std::exit(1);
  }
  return 1;
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  const auto begin = cpu_time();
  const std::size_t entries = code::Lexicon::built_in().size();
  std::printf("tables          %zu entries, read in %.1f ms\n", entries,
              1e3 * (cpu_time() - begin).count());
  std::printf("short messages  %.0f a second (target 100000)\n", per_second(seconds, read_texts));
  const std::string mail = html_mail(30'000);
  std::printf("30 KB of HTML   %.0f a second (target 3000)\n", per_second(seconds, [&] { return read_mail(mail); }));
  std::printf("%12s %12s %12s %12s\n", "bytes", "ms", "ns/byte", "peak KiB");
  for (std::size_t size = 1'000; size <= 10'000'000; size *= 10) {
    const std::string sized = html_mail(size);
    const double rate = per_second(seconds / 4, [&] { return read_mail(sized); });
    std::printf("%12zu %12.3f %12.1f %12ld\n", sized.size(), 1e3 / rate, 1e9 / rate / static_cast<double>(sized.size()),
                peak_kib());
  }
}
