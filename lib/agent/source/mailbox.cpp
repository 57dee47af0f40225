#include "source/mailbox.hpp"

#include "message/address.hpp"
#include "source/folder.hpp"

namespace otpctl::source {

Mailbox::Mailbox(config::Mailbox config, Surroundings surroundings)
    : config_(std::move(config)), surroundings_(std::move(surroundings)), stop_timer_(surroundings_.loop) {
  if (auto address = message::normalise_address(config_.address)) mail_options_.mailbox_address = *address;
  mail_options_.recipient_headers = config_.recipient_headers;
  for (const auto& folder : config_.folders) {
    folders_.push_back(std::make_unique<Folder>(config_, folder, surroundings_, mail_options_, breaker_));
  }
}
Mailbox::~Mailbox() = default;

void Mailbox::start() {
  for (auto& folder : folders_) folder->start();
}

void Mailbox::demand(const delivery::Demand& demand) {
  for (auto& folder : folders_) folder->demand(demand);
}

void Mailbox::synchronise(std::uint64_t token, const std::string& source, std::optional<WallTime> since) {
  for (auto& folder : folders_) {
    if (folder->name() == source) folder->synchronise(token, since);
  }
}

void Mailbox::stop(std::function<void()> done) {
  stopped_ = std::move(done);
  auto left = std::make_shared<std::size_t>(folders_.size());
  auto finish = [this] {
    stop_timer_.clear();
    if (auto call = std::exchange(stopped_, nullptr)) call();
  };
  stop_timer_.set(surroundings_.loop.now().instant + std::chrono::seconds(1), finish);
  for (auto& folder : folders_) {
    folder->stop([left, finish] {
      if (--*left == 0) finish();
    });
  }
}

void Mailbox::retry() {
  breaker_ = LoginBreaker();
  for (auto& folder : folders_) folder->retry();
}

void Mailbox::set_keep(Duration keep) {
  surroundings_.keep = keep;
  for (auto& folder : folders_) folder->set_keep(keep);
}

void Mailbox::retire(std::function<void()> done) {
  for (auto& folder : folders_) folder->retire();
  stop(std::move(done));
}

bool Mailbox::has(const std::string& source) const {
  for (const auto& folder : folders_) {
    if (folder->name() == source) return true;
  }
  return false;
}

std::vector<SourceStatus> Mailbox::status() const {
  std::vector<SourceStatus> all;
  for (const auto& folder : folders_) all.push_back(folder->status());
  return all;
}

std::vector<Vitals> Mailbox::vitals() const {
  std::vector<Vitals> all;
  for (const auto& folder : folders_) all.push_back(folder->vitals());
  return all;
}

}  // namespace otpctl::source
