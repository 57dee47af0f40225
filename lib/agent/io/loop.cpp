#include "io/loop.hpp"

#include "base/fd.hpp"

#include <utility>  // asio 1.74 forgets it with g++ 12

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <map>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

namespace otpctl::io {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;
using Clock = std::multimap<Instant, std::function<void()>*>;

struct Loop::State {
  asio::io_context context{1};
  std::optional<Now> now;
  bool stands_still = false;
  Clock alarms;
  Fd timer_fd{::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)};
  std::unique_ptr<Watch> timer_watch;
  std::optional<Instant> armed_for;

  Now read() {
    if (!now) now = read_clocks();
    return *now;
  }

  void arm() {
    std::optional<Instant> wanted;
    if (!alarms.empty()) wanted = alarms.begin()->first;
    if (wanted == armed_for || stands_still) return;
    armed_for = wanted;
    itimerspec spec{};
    if (wanted) {
      auto micros = std::max<std::int64_t>(wanted->time_since_epoch().count(), 1);
      spec.it_value.tv_sec = micros / 1'000'000;
      spec.it_value.tv_nsec = (micros % 1'000'000) * 1000;
    }
    ::timerfd_settime(timer_fd.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void on_timer() {
    std::uint64_t expirations = 0;
    [[maybe_unused]] auto got = ::read(timer_fd.get(), &expirations, sizeof expirations);
    armed_for.reset();
    // Due is what is due by the clock that the tasks see: by a later reading a machine that is ticked with the
    // earlier one would be called for ever. A task may set, move or clear any timer, so one entry is taken at a
    // time, and what is set anew waits for the next wake-up of the timer.
    now = read_clocks();
    run_due();
    arm();
  }

  void run_due() {
    const Instant due = now->instant;
    for (auto left = alarms.size(); left > 0 && !alarms.empty() && alarms.begin()->first <= due; --left) {
      auto* task = alarms.begin()->second;
      alarms.erase(alarms.begin());
      (*task)();
    }
  }
};

Loop::Loop() : state_(std::make_unique<State>()) {
  state_->timer_watch =
      std::make_unique<Watch>(*this, state_->timer_fd.get(), [this] { state_->on_timer(); });
}
Loop::Loop(Now standing_at) : Loop() {
  state_->now = standing_at;
  state_->stands_still = true;
}
Loop::~Loop() { state_->timer_watch.reset(); }

void Loop::run() {
  auto work = asio::make_work_guard(state_->context);
  state_->context.restart();
  while (!state_->context.stopped()) {
    // run_one() sleeps; what is ready besides runs under the same reading of the clock, but not for ever.
    state_->now.reset();
    state_->context.run_one();
    for (int more = 0; more < 256 && state_->context.poll_one() > 0; ++more) {}
  }
}
void Loop::stop() { state_->context.stop(); }

void Loop::pass(Duration time) {
  const Now end{state_->now.value().instant + time, state_->now->wall + time};
  const auto& alarms = state_->alarms;
  state_->context.restart();
  while (state_->context.poll() > 0 || (!alarms.empty() && alarms.begin()->first <= end.instant)) {
    if (alarms.empty() || alarms.begin()->first > end.instant) continue;
    const Duration step = std::max(alarms.begin()->first - state_->now->instant, Duration(0));
    state_->now = Now{state_->now->instant + step, state_->now->wall + step};
    state_->run_due();
  }
  state_->now = end;
}

Now Loop::now() { return state_->read(); }

void Loop::post(std::function<void()> task) { asio::post(state_->context, std::move(task)); }

// ---------------------------------------------------------------------------------------- Timer

struct Timer::Entry {
  std::function<void()> task;
  std::function<void()> fire;
  std::optional<Clock::iterator> place;
};

Timer::Timer(Loop& loop) : loop_(&loop), entry_(std::make_unique<Entry>()) {
  entry_->fire = [entry = entry_.get()] {
    entry->place.reset();
    auto task = entry->task;  // the task may destroy the timer
    if (task) task();
  };
}
Timer::~Timer() { clear(); }

void Timer::on_fire(std::function<void()> task) { entry_->task = std::move(task); }
void Timer::set(Instant when, std::function<void()> task) {
  on_fire(std::move(task));
  move_to(when);
}
void Timer::move_to(std::optional<Instant> when) {
  if (entry_->place && when && (*entry_->place)->first == *when) return;
  clear();
  if (!when) return;
  auto& state = loop_->state();
  entry_->place = state.alarms.emplace(*when, &entry_->fire);
  state.arm();
}
void Timer::clear() {
  if (!entry_->place) return;
  loop_->state().alarms.erase(*entry_->place);  // an early wake-up is cheaper than re-arming for each
  entry_->place.reset();
}

// ---------------------------------------------------------------------------------------- Watch

struct Watch::State : std::enable_shared_from_this<Watch::State> {
  Descriptor descriptor;
  std::function<void()> on_ready;
  bool reading = false, writing = false;              // wanted
  bool read_pending = false, write_pending = false;   // with Asio

  State(asio::io_context& context, int fd) : descriptor(context, fd) {}

  void wait(Descriptor::wait_type type, bool& wanted, bool& pending) {
    if (!wanted || pending || !descriptor.is_open()) return;
    pending = true;
    descriptor.async_wait(type, [self = shared_from_this(), type, &wanted,
                                 &pending](const boost::system::error_code& error) {
      pending = false;
      if (error || !self->descriptor.is_open()) return;
      if (wanted) self->on_ready();
      self->wait(type, wanted, pending);
    });
  }
  void arm() {
    wait(Descriptor::wait_read, reading, read_pending);
    wait(Descriptor::wait_write, writing, write_pending);
  }
};

Watch::Watch(Loop& loop, int fd, std::function<void()> on_ready)
    : state_(std::make_shared<State>(loop.state().context, fd)) {
  state_->on_ready = std::move(on_ready);
  want_read(true);
}
Watch::~Watch() {
  // release() ends the watching and leaves the descriptor to its owner.
  state_->descriptor.release();
}
void Watch::want_read(bool on) {
  state_->reading = on;
  state_->arm();
}
void Watch::want_write(bool on) {
  state_->writing = on;
  state_->arm();
}

// ---------------------------------------------------------------------------------------- Signals

struct Signals::State {
  Fd fd;
  std::unique_ptr<Watch> watch;
};

Signals::Signals(Loop& loop, const std::vector<int>& signals, std::function<void(int)> on_signal)
    : state_(std::make_unique<State>()) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  state_->fd = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  state_->watch = std::make_unique<Watch>(
      loop, state_->fd.get(), [fd = state_->fd.get(), call = std::move(on_signal)] {
        signalfd_siginfo info{};
        while (::read(fd, &info, sizeof info) == sizeof info) call(static_cast<int>(info.ssi_signo));
      });
}
Signals::~Signals() { state_->watch.reset(); }

}  // namespace otpctl::io
