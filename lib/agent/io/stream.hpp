// A connected byte stream that never blocks: a Unix socket, or libcurl's TLS connection.
#pragma once

#include "base/result.hpp"
#include "base/fd.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace otpctl::io {

class Stream {
 public:
  virtual ~Stream() = default;
  Stream() = default;
  Stream(const Stream&) = delete;

  struct Got {
    std::size_t bytes = 0;
    bool again = false;  // nothing at the moment: wait until readable or writable
    bool end = false;    // the peer has closed
  };
  /// Read until `again`: decrypted bytes may lie in the library where poll() does not see them.
  virtual Result<Got> read(std::span<char> into) = 0;
  virtual Result<Got> write(std::string_view bytes) = 0;
  virtual int fd() const = 0;
};

/// A non-blocking Unix or TCP socket.
class SocketStream : public Stream {
 public:
  explicit SocketStream(Fd fd) : fd_(std::move(fd)) {}
  Result<Got> read(std::span<char> into) override;
  Result<Got> write(std::string_view bytes) override;
  int fd() const override { return fd_.get(); }

 private:
  Fd fd_;
};

}  // namespace otpctl::io
