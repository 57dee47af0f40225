#include "delivery/shown.hpp"

#include "code/hide.hpp"

namespace otpctl::delivery {

void make_shown(Held& held) {
  held.shown_sender = held.sender;
  held.shown_id = held.message_id;
  for (const code::Code& code : held.codes) hide_in_shown(held, code.value);
  for (const Copy& copy : held.copies) hide_in_shown(held, copy.value);
}

void hide_in_shown(Held& held, std::string_view value) {
  held.shown_sender = code::without_code(held.shown_sender, value);
  held.shown_id = code::without_code(held.shown_id, value);
}

}  // namespace otpctl::delivery
