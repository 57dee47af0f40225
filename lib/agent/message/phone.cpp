// normalise_phone: the one file that includes libphonenumber, which is slow to compile and loads a
// few MB of tables at the first number.
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "message/address.hpp"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <set>

namespace otpctl::message {

namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr std::size_t kNumberBytes = 100;  // E.164 has 15 digits; the rest is punctuation
constexpr std::size_t kShortCodeDigits = 6;

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(ErrorCode::usage,
              "not a phone number: '" + printable(text) + "': " + std::string(why));
}

/// "tel:…;ext=3" (RFC 3966), "whatsapp:…" → the number alone.
std::string_view bare(std::string_view text) {
  for (const std::string_view scheme : {"tel:", "sms:", "whatsapp:"}) {
    if (equals_ignoring_case(text.substr(0, scheme.size()), scheme))
      text.remove_prefix(scheme.size());
  }
  return trim(text.substr(0, text.find(';')));
}

/// Letters make an alphanumeric sender; libphonenumber would dial them (1-800-FLOWERS).
bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

bool is_short_code(std::string_view text) {
  return text.size() >= 2 && text.size() <= kShortCodeDigits &&
         text.find_first_not_of("0123456789") == text.npos;
}

/// The tables age and number ranges grow: a number that has the length and the first digit of the
/// country's mobile numbers is taken although the tables do not know its range yet.
bool looks_mobile(const PhoneNumberUtil& util, const PhoneNumber& number) {
  std::string region;
  util.GetRegionCodeForCountryCode(number.country_code(), &region);
  PhoneNumber example;
  if (!util.GetExampleNumberForType(region, PhoneNumberUtil::MOBILE, &example)) return false;
  std::string have, want;
  util.GetNationalSignificantNumber(number, &have);
  util.GetNationalSignificantNumber(example, &want);
  return have.size() == want.size() && have[0] == want[0];
}

}  // namespace

bool is_region(std::string_view region) {
  std::set<std::string> known;
  PhoneNumberUtil::GetInstance()->GetSupportedRegions(&known);
  return known.count(std::string(region)) == 1;
}

Result<std::string> normalise_phone(std::string_view text, std::string_view region) {
  const std::string_view number = bare(trim(text));
  if (number.empty()) return refuse(text, "empty");
  if (number.size() > kNumberBytes) return refuse(text, "too long");
  if (!is_utf8(number)) return refuse(text, "not UTF-8");
  if (has_letter(number)) return refuse(text, "it has letters");
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber parsed;
  const auto error =
      util.Parse(std::string(number), region.empty() ? "ZZ" : std::string(region), &parsed);
  const bool good = error == PhoneNumberUtil::NO_PARSING_ERROR &&
                    (util.IsValidNumber(parsed) || looks_mobile(util, parsed));
  if (good) {
    std::string out;
    parsed.clear_extension();
    util.Format(parsed, PhoneNumberUtil::E164, &out);
    return out;
  }
  if (is_short_code(number)) return std::string(number);
  if (error == PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR) {
    return refuse(text, "write it with + and the country code, or set default-region");
  }
  return refuse(text, "no country has such a number");
}

}  // namespace otpctl::message
