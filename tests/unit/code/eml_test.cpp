// Whole mails of tests/mail/extract and the code that a person would take from each: charsets, parts, layout, chains.
#include "mail/sample.hpp"
#include "unit/code/cases.hpp"

#include <filesystem>

using namespace otpctl;

namespace {

struct Mail {
  const char* name;
  const char* code;  // "" for none, "a|b" for an ambiguous one
};

// clang-format off
constexpr Mail kMails[] = {
    {"alternative-both", "482913"}, {"alternative-disagree", "482913|731640"}, {"alternative-text-silent", "731640"},
    {"alternative-text-blank", "731640"}, {"alternative-text-css", "559104"}, {"alternative-text-is-html", "559104"},
    {"mixed-text-html", "207718"}, {"related-logo", "640021"}, {"related-in-mixed-in-signed", "83920147"},
    {"attachment-beside", "913355"}, {"attachment-alone", ""}, {"inline-named-body", "913355"},
    {"calendar-beside", "913355"}, {"report-bounce", ""}, {"auto-reply", ""}, {"attached-alone", "700512"},
    {"attached-fyi", "700512"}, {"attached-nested", "700512"}, {"attached-beside-own-code", "661277"},
    {"digest-one", ""}, {"missing-end-boundary", "270036"}, {"no-boundary", ""}, {"boundary-prefix", "270036"},
    {"empty-parts", "558821"}, {"html-h1", "481227"}, {"html-spans", "731640"}, {"html-cells", "731640"},
    {"html-cells-boxed", "902417"}, {"html-price-table", ""}, {"html-inline-blocks", "902417"},
    {"html-preheader", "554301"}, {"html-preheader-class", "554301"}, {"html-preheader-padding", "554301"},
    {"html-mso", "554301"}, {"html-colours", ""}, {"html-links", ""}, {"html-entities", "482913"},
    {"html-soft-hyphen", "482913"}, {"html-wbr", "482913"}, {"html-pre", "482913"}, {"html-textarea", "482913"},
    {"html-br", "482913"}, {"html-unclosed", "482913"}, {"html-broken", "482913"}, {"html-qp-soft", "482913"},
    {"html-base64", "482913"}, {"html-nested-tables", "482913"}, {"html-price-and-code", "604412"},
    {"html-select-template", "482913"}, {"html-label-cell", "482913"}, {"reply-gt", "482913"},
    {"reply-gt-no-code", ""}, {"reply-outlook-no-code", ""}, {"reply-german-no-code", ""},
    {"reply-gmail-no-code", ""}, {"reply-cite-newer", "482913"}, {"reply-all-quoted", "482913"},
    {"forward-gmail", "482913"}, {"forward-fyi", "482913"}, {"forward-apple", "482913"},
    {"forward-turkish", "482913"}, {"forward-gmail-html", "482913"}, {"notice-like-a-head", "482913"},
    {"cs-utf8-japanese", "482913"}, {"cs-iso-2022-jp", "482913"}, {"cs-shift-jis", "482913"},
    {"cs-gb18030", "482913"}, {"cs-gb2312-declared", "482913"}, {"cs-big5", "482913"}, {"cs-euc-kr", "482913"},
    {"cs-koi8-r", "482913"}, {"cs-windows-1251", "482913"}, {"cs-windows-1254", "482913"},
    {"cs-iso-8859-9", "482913"}, {"cs-iso-8859-2", "482913"}, {"cs-windows-1250", "482913"},
    {"cs-iso-8859-7", "482913"}, {"cs-iso-8859-8", "482913"}, {"cs-windows-1256", "482913"},
    {"cs-windows-874", "482913"}, {"cs-windows-1258", "482913"}, {"cs-iso-8859-1", "482913"},
    {"cs-iso-8859-15", "482913"}, {"cs-utf-16", "482913"}, {"cs-utf-16le-undeclared", "482913"},
    {"cs-utf-16-wrong", "482913"}, {"cs-utf-7", "482913"}, {"cs-unknown", "482913"}, {"cs-wrong-latin", "482913"},
    {"cs-wrong-utf8", "482913"}, {"cs-truncated", "482913"}, {"cs-nul", "482913"}, {"cs-meta", "482913"},
    {"qp-soft-break", "482913"}, {"subject-only", "482913"}, {"subject-encoded", "482913"}, {"from-name", ""},
    {"fullwidth", "482913"}, {"bidi", "482913"}, {"recovery-notice", ""}, {"tracking", ""},
};
// clang-format on

}  // namespace

TEST_CASE("F19 every mail of tests/mail/extract gives the code that a person would take") {
  const std::string folder = std::string(OTPCTL_TEST_DIR) + "/mail/extract";
  for (const Mail& mail : kMails) {
    INFO(std::string(mail.name));
    const std::string bytes = test::read_file(folder + "/" + mail.name + ".eml");
    REQUIRE_FALSE(bytes.empty());
    CHECK(code::test::answer(message::read_mail({{}, bytes}, {"catchall@example.com", {}})) == mail.code);
  }
}

TEST_CASE("no mail of tests/mail/extract is without an expectation") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(OTPCTL_TEST_DIR) + "/mail/extract"))
    files += entry.path().extension() == ".eml" ? 1 : 0;
  CHECK(files == std::size(kMails));
  CHECK(files >= 60);
}
