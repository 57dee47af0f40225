// What is checked after each step: the model's answers, the timeline, the promises, the store.
#include "unit/delivery/simulation.hpp"

#include <algorithm>

namespace otpctl::delivery::test {

namespace {

std::string name_of(const Reply& reply) {
  static const char* const kNames[] = {"session",  "code",         "end",
                                       "accepted", "acknowledged", "error"};
  return kNames[reply.answer.index()] + std::string(" to request ") + std::to_string(reply.request);
}

}  // namespace

void Simulation::compare() {
  for (const Reply& reply : world_.last.replies) {
    const auto found = model_.out.find(reply.request);
    if (found == model_.out.end())
      return fail_with("an answer that the model does not give: " + name_of(reply));
    const Outcome want = found->second;
    model_.out.erase(found);
    std::visit([&](const auto& answer) { compare_one(reply.request, answer, want); }, reply.answer);
    if (failed_) return;
  }
  if (!model_.out.empty()) {
    return fail_with("only the model answers request " + std::to_string(model_.out.begin()->first) +
                     ": kind " + std::to_string(model_.out.begin()->second.kind));
  }
  if (world_.delivery.codes_pending() != model_.pending_codes())
    fail_with("another number of codes is held");
}

void Simulation::compare_one(RequestId request, const Delivered& answer, const Outcome& want) {
  if (want.kind != Outcome::code || want.value != answer.code ||
      want.recipient != answer.recipient) {
    return fail_with("another code than the model gives: " + answer.code + " for " + want.value);
  }
  const auto [known, first] = number_of_.emplace(answer.delivery, want.delivery);
  if (known->second != want.delivery) return fail_with("a delivery id was used twice");
  check_delivered(request, answer, !first);
}

void Simulation::compare_one(RequestId request, const WaitEnd& answer, const Outcome& want) {
  const bool closed = answer.exit == ExitCode::not_found;
  if (want.kind != (closed ? Outcome::closed : Outcome::ended))
    return fail_with("a wait ended, not so in the model");
  std::erase_if(clients_, [&](const Client& each) { return each.wait.request == request; });
}

void Simulation::compare_one(RequestId, const Acknowledged& answer, const Outcome& want) {
  if (want.kind != (answer.known ? Outcome::known : Outcome::unknown))
    fail_with("known, or not known");
}

void Simulation::compare_one(RequestId, const Accepted& answer, const Outcome& want) {
  if (want.kind != (answer.duplicate ? Outcome::duplicate : Outcome::fresh))
    fail_with("a duplicate, or not");
}

void Simulation::compare_one(RequestId, const SessionInfo&, const Outcome& want) {
  if (want.kind != Outcome::session) fail_with("a session was answered");
}

void Simulation::compare_one(RequestId, const Error& answer, const Outcome& want) {
  if (want.kind != Outcome::closed && want.kind != Outcome::refused)
    fail_with("an error: " + answer.message);
}

/// The timeline alone tells who waits, and where each code is.
void Simulation::follow() {
  for (const Event& event : world_.told) {
    if (event.type == EventType::wait) follow_wait(event);
    if (event.type == EventType::code) follow_code(event);
  }
  if (steps_ % 8 != 0) return;  // the list explains each wait: it costs more than the step
  std::map<std::string, int> real;
  for (const WaiterInfo& waiter : world_.delivery.waiters(world_.now)) ++real[waiter.session];
  for (const NaiveModel::Wait& wait : model_.waits()) {
    if (wait.delivery > 0) ++real[party_of_[wait.id]];
  }
  if (real != waiting_) fail_with("the timeline tells of other waits");
}

void Simulation::follow_wait(const Event& event) {
  if (event.pid == 0) return;  // the last agent's: acknowledged, but not taken up here
  if (event.state == "began") ++waiting_[event.session];
  const bool over = event.state == "ended" || event.state == "left";
  if (over && --waiting_[event.session] == 0) waiting_.erase(event.session);
}

void Simulation::follow_code(const Event& event) {
  if (event.state == "claimed") {
    if (!on_its_way_.insert(event.delivery).second) fail_with("claimed twice in the timeline");
  } else if (event.state == "given_back" || event.state == "acknowledged") {
    const bool was = on_its_way_.erase(event.delivery) > 0;
    const bool late = !was && event.state == "acknowledged";  // after it was given back
    if (!was && !late) fail_with("given back in the timeline, but not claimed");
  }
}

/// The promises, without the model.
void Simulation::check_delivered(RequestId request, const Delivered& delivered, bool again) {
  ++delivered_;
  const std::string waiter = waiter_of_[request];
  const auto client = std::find_if(clients_.begin(), clients_.end(),
                                   [&](const Client& each) { return each.wait.id == waiter; });
  if (client == clients_.end()) return fail_with("a code for a waiter that is gone");
  client->delivery = delivered.delivery;
  client->number = number_of_[delivered.delivery];
  if (client->wait.recipient != delivered.recipient)
    return fail_with("a code of another recipient");
  if (delivered.channel == "person") return;
  const int id = std::stoi(delivered.message_id);
  if (done_.count(id) > 0) return fail_with("a code that was acknowledged comes again");
  const auto& to = to_[id];
  if (std::find(to.begin(), to.end(), delivered.recipient) == to.end())
    return fail_with("a message that names another recipient");
  if (again) return;  // given before the session was marked anew
  const auto marked = marked_.find(client->wait.session);
  if (marked != marked_.end() && landed_.count(id) > 0 && landed_[id] < marked->second) {
    fail_with("a code from before the mark");
  }
}

/// The operator's list shows what the model holds, for whom it holds it.
std::string Simulation::check_choices() const {
  std::multiset<std::pair<std::string, std::vector<std::string>>> mine, model;
  for (const WaiterInfo& waiter : world_.delivery.waiters_to_choose(world_.now)) {
    std::vector<std::string> values;
    for (const HeldCandidate& each : waiter.candidates) values.push_back(each.code);
    std::sort(values.begin(), values.end());
    if (waiter.ambiguous == values.empty()) return "ambiguous, and nothing to choose from";
    mine.emplace(waiter.session, values);
  }
  for (const NaiveModel::Wait& wait : model_.waits()) {
    if (wait.delivery == 0)
      model.emplace(wait.session.empty() ? wait.id : wait.session, model_.held_for(wait));
  }
  return mine == model ? "" : "the operator's list shows other candidates";
}

/// A Delivery made from the store alone knows what this one knows.
void Simulation::check_store() {
  std::vector<Record> records;
  for (const auto& [key, value] : world_.store) records.push_back({key.first, key.second, value});
  Delivery other(quick());
  std::size_t unreadable = 0;
  other.restore(records, now(), &unreadable);
  if (unreadable > 0) fail_with("a record cannot be read");
  int pending = 0;  // unsettled ones of one sender may supersede each other at a restart
  for (const Message& message : model_.messages())
    pending += message.state == NaiveModel::State::pending ? 1 : 0;
  if (pending == 0 && other.codes_pending() != world_.delivery.codes_pending())
    fail_with("the store holds other codes");
  const auto mine = world_.delivery.sessions(now());
  const auto theirs = other.sessions(now());
  if (mine.size() != theirs.size()) return fail_with("the store holds other sessions");
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (mine[i].id != theirs[i].id || mine[i].marked != theirs[i].marked ||
        mine[i].codes_given != theirs[i].codes_given) {
      fail_with("the store holds another session");
    }
  }
  if (const std::string wrong = check_choices(); !wrong.empty()) fail_with(wrong);
  if (other.position(kMain) != world_.delivery.position(kMain))
    fail_with("the store holds another position");
}

}  // namespace otpctl::delivery::test
