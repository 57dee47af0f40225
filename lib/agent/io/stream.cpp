#include "io/stream.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace otpctl::io {

Result<Stream::Got> SocketStream::read(std::span<char> into) {
  const ssize_t n = ::recv(fd_.get(), into.data(), into.size(), 0);
  if (n > 0) return Got{static_cast<std::size_t>(n), false, false};
  if (n == 0) return Got{0, false, true};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Got{0, true, false};
  if (errno == ECONNRESET) return Got{0, false, true};
  return fail(ErrorCode::network, std::strerror(errno));
}

Result<Stream::Got> SocketStream::write(std::string_view bytes) {
  const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (n >= 0) return Got{static_cast<std::size_t>(n), false, false};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Got{0, true, false};
  return fail(ErrorCode::network, std::strerror(errno));
}

}  // namespace otpctl::io
