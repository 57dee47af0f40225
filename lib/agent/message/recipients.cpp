#include "message/recipients.hpp"

#include "base/text.hpp"
#include "message/address.hpp"
#include "message/address_list.hpp"
#include "message/limits.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace otpctl::message {

namespace {

// The classes in order of precedence: the address as it came in, then the final delivery, then
// forwarding.
constexpr std::array<std::string_view, 6> kOriginal = {
    "X-Original-To", "X-Gm-Original-To", "Envelope-To", "X-Envelope-To", "X-Real-To", "X-Rcpt-To"};
constexpr std::array<std::string_view, 1> kFinal = {"Delivered-To"};
constexpr std::array<std::string_view, 4> kForwarded = {"X-Forwarded-To", "X-Forwarded-For",
                                                        "Apparently-To", "Resent-To"};
constexpr std::array<std::string_view, 2> kClaims = {"To", "Cc"};
// What a server writes on top beside the stamps.
constexpr std::array<std::string_view, 5> kOtherTrace = {
    "Return-Path", "Delivery-Date", "Authentication-Results", "Received-SPF", "X-Envelope-From"};

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view known) { return equals_ignoring_case(name, known); });
}

bool is_trace(std::string_view name) {
  return is_one_of(name, kOriginal) || is_one_of(name, kFinal) || is_one_of(name, kOtherTrace);
}

/// How many fields at the top are the receiving server's.
std::size_t server_fields(const HeaderBlock& headers) {
  const std::size_t received = headers.find("Received");
  if (received < headers.fields.size()) return received;
  const auto foreign = std::find_if(headers.fields.begin(), headers.fields.end(),
                                    [](const Header& field) { return !is_trace(field.name); });
  return static_cast<std::size_t>(foreign - headers.fields.begin());
}

class Finder {
 public:
  Finder(const HeaderBlock& headers, const MailOptions& options, std::vector<std::string>& problems)
      : headers_(headers), options_(options), problems_(problems), server_(server_fields(headers)) {
    if (!options.mailbox_address.empty()) {
      mailbox_ =
          normalise_address(options.mailbox_address).value_or(to_lower(options.mailbox_address));
    }
  }

  Recipients find(const std::vector<std::string>& door) {
    for (const std::string& recipient : door) take_door(recipient);
    if (found_.stamped.empty()) {
      if (options_.recipient_headers.empty()) {
        look_everywhere();
      } else {
        look_where_configured();
      }
    }
    if (left_out_) problems_.push_back("over 200 addresses");
    if (refused_) problems_.push_back("an address field nested too deeply");
    return std::move(found_);
  }

 private:
  void take_door(const std::string& recipient) {
    const Result<std::string> normal = normalise_address(recipient);
    if (normal) {
      add(found_.stamped, *normal);
    } else {
      problems_.push_back("a recipient of the transport is no address");
    }
  }

  void look_everywhere() {
    stamps(kOriginal);
    stamps(kFinal);
    stamps(kForwarded);
    for (const Header& field : headers_.fields) {
      if (is_one_of(field.name, kClaims)) take(found_.claimed, field);
    }
    if (found_.stamped.empty() && found_.claimed.empty()) take_received();
  }

  /// The names that the user vouches for, and nothing else. Above the topmost Received every
  /// instance counts; where a further hop of the user's own stands on top (Exim before Dovecot),
  /// the topmost instance does.
  void look_where_configured() {
    for (const std::string& name : options_.recipient_headers) {
      const bool claim = is_one_of(name, kClaims);
      std::size_t taken = 0;
      for (std::size_t i = 0; i < headers_.fields.size(); ++i) {
        if (!equals_ignoring_case(headers_.fields[i].name, name)) continue;
        if (!claim && i >= server_ && taken > 0) break;
        take(claim ? found_.claimed : found_.stamped, headers_.fields[i]);
        ++taken;
      }
    }
  }

  template <class Names>
  void stamps(const Names& names) {
    for (std::size_t i = 0; i < server_; ++i) {
      if (is_one_of(headers_.fields[i].name, names)) take(found_.stamped, headers_.fields[i]);
    }
  }

  void take(std::vector<std::string>& list, const Header& field) {
    std::string_view value = field.value;
    std::string forwarded;
    if (equals_ignoring_case(field.name,
                             "X-Forwarded-For")) {  // "account@… target@…": the second is meant
      forwarded = unfold(value);
      value = forwarded;
      value.remove_prefix(std::min(value.find(' '), value.size()));
    }
    const std::size_t room = kAddresses - std::min(kAddresses, seen_);
    const AddressList addresses = parse_addresses(value, room + 1);
    refused_ = refused_ || addresses.refused;
    for (const std::string& address : addresses.addresses) add(list, address);
  }

  /// `Received: … for <address>` of the topmost hop, which the receiving server wrote: all there is
  /// for a mail whose To and Cc name nobody.
  void take_received() {
    const std::string value = unfold(headers_.value("Received"));
    const std::string lower = to_lower(value);
    const std::size_t at = lower.find(" for <");
    if (at == lower.npos) return;
    const std::size_t begin = at + std::string_view(" for <").size();
    const std::size_t end = value.find('>', begin);
    if (end == value.npos) return;
    const Result<std::string> normal =
        normalise_address(std::string_view(value).substr(begin, end - begin));
    if (normal) add(found_.claimed, *normal);
  }

  void add(std::vector<std::string>& list, const std::string& address) {
    if (++seen_ > kAddresses) {
      left_out_ = true;
    } else if (address == mailbox_) {
      found_.to_mailbox_itself = true;
    } else if (std::find(list.begin(), list.end(), address) == list.end()) {
      list.push_back(address);
    }
  }

  const HeaderBlock& headers_;
  const MailOptions& options_;
  std::vector<std::string>& problems_;
  std::size_t server_;
  std::string mailbox_;
  Recipients found_;
  std::size_t seen_ = 0;
  bool left_out_ = false;
  bool refused_ = false;
};

}  // namespace

Recipients find_recipients(const std::vector<std::string>& door, const HeaderBlock& headers,
                           const MailOptions& options, std::vector<std::string>& problems) {
  return Finder(headers, options, problems).find(door);
}

}  // namespace otpctl::message
