#include "unit/delivery/simulation.hpp"

#include <algorithm>

namespace otpctl::delivery::test {

Settings quick() {
  Settings settings;
  settings.timeout = 20s;
  settings.ttl = 60s;
  settings.keep = 60s;
  settings.guard_life = 300s;
  settings.late = 3s;
  return settings;
}

void Simulation::step() {
  doing_ = "time";
  move_on(Duration(1 + pick(chance(2) ? 20'000'000 : 400'000)));
  if (failed_) return;
  struct Row {
    int share;  // of 1000
    const char* name;
    void (Simulation::*run)();
  };
  static const Row kRows[] = {{160, "land", &Simulation::land},
                              {120, "fetch", &Simulation::fetch},
                              {80, "door", &Simulation::through_a_door},
                              {20, "replay", &Simulation::replay},
                              {200, "wait", &Simulation::wait},
                              {160, "acknowledge", &Simulation::acknowledge},
                              {60, "die", &Simulation::die},
                              {70, "session", &Simulation::session_command},
                              {20, "person", &Simulation::person},
                              {70, "answer", &Simulation::answer_mailbox},
                              {8, "toggle", &Simulation::toggle_mailbox},
                              {2, "store", &Simulation::check_store},
                              {1, "restart", &Simulation::restart}};
  int what = pick(1000);
  for (const Row& row : kRows) {
    what -= row.share;
    if (what >= 0) continue;
    doing_ = row.name;
    (this->*row.run)();
    break;
  }
  // Clients that have their answer and are not heard of again.
  if (clients_.size() > 40) clients_.erase(clients_.begin());
}

void Simulation::move_on(Duration duration) {
  const Instant until = now().instant + duration;
  while (!failed_) {
    const auto due = world_.delivery.deadline();
    const Instant next = due && *due <= until ? std::max(*due, now().instant) : until;
    now().wall += next - now().instant;
    now().instant = next;
    model_.now = now();
    if (!due || *due > until) return;
    model_.tick();
    apply(Tick{});
  }
}

void Simulation::apply(Command command) {
  ++steps_;
  world_.told.clear();
  world_.answers.clear();
  world_.notices.clear();
  world_.apply(std::move(command));
  asked_.insert(asked_.end(), world_.last.synchronise.begin(), world_.last.synchronise.end());
  for (const Synchronise& each : world_.last.synchronise) {
    for (NaiveModel::Round& round : model_.rounds()) {
      if (round.token == 0) round.token = each.token;
    }
  }
  compare();
  follow();
}

void Simulation::fail_with(const std::string& what) {
  if (!failed_) failure_ = "step " + std::to_string(steps_) + " (" + doing_ + "): " + what;
  failed_ = true;
}

void Simulation::restart() {
  ++restarts_;
  const Duration away(pick(3'000'000));
  now().wall += away;
  now().instant += away;
  model_.now = now();
  std::vector<Client> before;
  for (Client& client : clients_) {
    if (client.connected || chance(30)) before.push_back(client);
  }
  clients_.clear();
  asked_.clear();
  waiting_.clear();
  model_.tick_after_kill();
  now().wall -= away;
  now().instant -= away;
  world_.restart(away);
  if (world_.delivery.codes_pending() != model_.pending_codes())
    return fail_with("a restart loses or finds a code");
  live_ = false;
  come_up();
  std::shuffle(before.begin(), before.end(), random_);
  for (Client& client : before) {
    const NaiveModel::Wait wait = client.wait;
    const bool session_there = wait.session.empty() || model_.find_session(wait.session);
    if (client.connected && chance(80) && session_there) {
      client.delivery.clear();
      start(client, std::nullopt, std::nullopt, &wait);
    } else {
      client.connected = false;
      clients_.push_back(client);
    }
  }
}

}  // namespace otpctl::delivery::test
