// One handler for each alternative of a std::variant: std::visit(Overloaded{[](A&) {…}, [](B&) {…}}, variant).
#pragma once

namespace otpctl {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace otpctl
