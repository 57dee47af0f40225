#include "config/warnings.hpp"

#include "base/text.hpp"
#include "io/secrets.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::apps::config {

namespace {

using otpctl::config::Config;
using otpctl::config::Mailbox;
using otpctl::config::SecretSource;

bool runs_a_program(const Config& config) {
  for (const Mailbox& mailbox : config.mailboxes) {
    for (const SecretSource* secret : {&mailbox.password, &mailbox.token}) {
      if (secret->kind == SecretSource::Kind::command) return true;
    }
  }
  return false;
}

std::string at(const Config& config, int line, const std::string& what) {
  return line == 0 ? what : printable(config.path, 1000) + ":" + std::to_string(line) + ": " + what;
}

void look_at_file(const Config& config, std::vector<std::string>& warnings) {
  struct stat info {};
  if (config.path.empty() || ::stat(config.path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  const std::string path = printable(config.path, 1000);
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    warnings.push_back(path + " belongs to another user (uid " + std::to_string(info.st_uid) +
                       "), who can make the agent run programs");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    warnings.push_back(path + " can be written by others, who can make the agent run programs: chmod go-w " + path);
  } else if ((info.st_mode & (S_IRGRP | S_IROTH)) != 0 && runs_a_program(config)) {
    warnings.push_back(path + " can be read by others, with the arguments of its programs: chmod 600 " + path);
  }
}

void look_at_mailbox(const Config& config, const Mailbox& mailbox, std::vector<std::string>& warnings) {
  for (const SecretSource* secret : {&mailbox.password, &mailbox.token}) {
    if (secret->kind == SecretSource::Kind::file && ::access(secret->name.c_str(), F_OK) != 0) {
      warnings.push_back(at(config, mailbox.line, "the secret file " + printable(secret->name, 1000) +
                                                      " is not there (yet)"));
    }
  }
  if (!mailbox.ca_file.empty() && ::access(mailbox.ca_file.c_str(), R_OK) != 0) {
    warnings.push_back(at(config, mailbox.line, "the ca-file " + printable(mailbox.ca_file, 1000) +
                                                    " cannot be read: no connection will be trusted"));
  }
  if (mailbox.insecure && mailbox.tls != otpctl::config::Tls::none) {
    warnings.push_back(at(config, mailbox.line, "insecure = true changes nothing where TLS is used; take it out"));
  }
}

bool is_on_path(const std::string& program, const Environment& env) {
  if (program.find('/') != program.npos) return ::access(program.c_str(), X_OK) == 0;
  const std::string path = env("PATH") + ':';
  for (std::size_t begin = 0, end; (end = path.find(':', begin)) != path.npos; begin = end + 1) {
    const std::string folder = path.substr(begin, end - begin);
    if (!folder.empty() && ::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

std::string missing_here(const SecretSource& secret, const Environment& env) {
  const std::string name = printable(secret.name, 1000);
  switch (secret.kind) {
    case SecretSource::Kind::none:
    case SecretSource::Kind::file: break;
    case SecretSource::Kind::command:
      if (is_on_path(secret.command.front(), env)) break;
      return "'" + printable(secret.command.front(), 80) + "' is not on the PATH";
    case SecretSource::Kind::credential:
      if (io::read_credential(secret.name)) break;
      return "credential " + name + " is not given to this shell";
    case SecretSource::Kind::env:
      if (!env(secret.name.c_str()).empty()) break;
      return "the variable " + name + " is not set here";
  }
  return {};
}

std::vector<std::string> missing_secrets(const Config& config, const Environment& env) {
  std::vector<std::string> warnings;
  for (const Mailbox& mailbox : config.mailboxes) {
    for (const SecretSource* secret : {&mailbox.password, &mailbox.token}) {
      const std::string why = missing_here(*secret, env);
      if (!why.empty()) warnings.push_back(at(config, mailbox.line, why));
    }
  }
  return warnings;
}

std::vector<std::string> warnings_of(const Config& config) {
  std::vector<std::string> warnings;
  look_at_file(config, warnings);
  for (const Mailbox& mailbox : config.mailboxes) look_at_mailbox(config, mailbox, warnings);
  return warnings;
}

}  // namespace otpctl::apps::config
