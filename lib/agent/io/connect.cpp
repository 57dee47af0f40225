#include "io/connect.hpp"

#include "base/text.hpp"

#include <curl/curl.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace otpctl::io {
namespace {

struct EasyEnd {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiEnd {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// Multi and easy handle belong together: the connection lives in the multi's cache for as long as we use it.
struct Handles {
  std::unique_ptr<CURLM, MultiEnd> multi{curl_multi_init()};
  std::unique_ptr<CURL, EasyEnd> easy{curl_easy_init()};
  ~Handles() {
    if (multi && easy) curl_multi_remove_handle(multi.get(), easy.get());
  }
};

class CurlStream : public Stream {
 public:
  CurlStream(std::unique_ptr<Handles> handles, int fd) : handles_(std::move(handles)), fd_(fd) {}

  Result<Got> read(std::span<char> into) override {
    // Cyrus leaves Nagle on: without this its second segment waits 40 ms for our delayed ACK.
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    std::size_t n = 0;
    const CURLcode code = curl_easy_recv(handles_->easy.get(), into.data(), into.size(), &n);
    if (code == CURLE_AGAIN) return Got{0, true, false};
    if (code == CURLE_OK) return Got{n, false, n == 0};
    return fail(ErrorCode::network, std::string("connection lost: ") + curl_easy_strerror(code));
  }
  Result<Got> write(std::string_view bytes) override {
    std::size_t n = 0;
    const CURLcode code = curl_easy_send(handles_->easy.get(), bytes.data(), bytes.size(), &n);
    if (code == CURLE_AGAIN) return Got{0, true, false};
    if (code == CURLE_OK) return Got{n, false, false};
    return fail(ErrorCode::network, std::string("connection lost: ") + curl_easy_strerror(code));
  }
  int fd() const override { return fd_; }

 private:
  std::unique_ptr<Handles> handles_;
  int fd_;
};

// Half-open connections (NAT, suspend): keepalive finds the idle reader, TCP_USER_TIMEOUT the one that has
// written, each covers what the other misses. The user time-out stays just under the keepalive budget of 120 s,
// because it overrides the probe count.
int prepare_socket(void*, curl_socket_t fd, curlsocktype) {
  const int on = 1, idle = 60, interval = 20, count = 3, user_timeout = 110'000;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return CURL_SOCKOPT_OK;
}

ErrorCode class_of(CURLcode code) {
  switch (static_cast<int>(code)) {
    case CURLE_OPERATION_TIMEDOUT: return ErrorCode::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return ErrorCode::tls;
    case CURLE_WEIRD_SERVER_REPLY: return ErrorCode::protocol;
    default: return ErrorCode::network;
  }
}

}  // namespace

struct Connecting::State {
  Loop& loop;
  std::unique_ptr<Handles> handles = std::make_unique<Handles>();
  std::function<void(Result<std::unique_ptr<Stream>>)> done;
  std::map<curl_socket_t, std::unique_ptr<Watch>> watches;
  Timer timer;
  char reason[CURL_ERROR_SIZE] = {};
  std::string first_words;  // the greeting, or what the server said instead
  bool preauth = false;
  std::string host;
  bool in_callback = false;

  explicit State(Loop& l) : loop(l), timer(l) {}

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self_ptr, void*) {
    auto& self = *static_cast<State*>(self_ptr);
    if (what == CURL_POLL_REMOVE) {
      self.watches.erase(fd);
      return 0;
    }
    auto& watch = self.watches[fd];
    if (!watch) {
      watch = std::make_unique<Watch>(self.loop, fd, [&self, fd] { self.act(fd); });
    }
    watch->want_read(what & CURL_POLL_IN);
    watch->want_write(what & CURL_POLL_OUT);
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* self_ptr) {
    auto& self = *static_cast<State*>(self_ptr);
    if (milliseconds < 0) {
      self.timer.clear();
    } else {
      self.timer.set(BootClock::now() + std::chrono::milliseconds(milliseconds),
                     [&self] { self.act(CURL_SOCKET_TIMEOUT); });
    }
    return 0;
  }

  // Only what comes in is looked at: what goes out may hold secrets (it does not yet, and never shall).
  static int on_debug(CURL*, curl_infotype type, char* data, size_t size, void* self_ptr) {
    auto& self = *static_cast<State*>(self_ptr);
    if (type != CURLINFO_HEADER_IN) return 0;
    if (self.first_words.size() < 2000) self.first_words.append(data, size);
    // Line by line; before the greeting comes what an HTTP proxy says.
    if (equals_ignoring_case(std::string_view(data, size).substr(0, 9), "* PREAUTH")) self.preauth = true;
    return 0;
  }

  void act(curl_socket_t fd) {
    int running = 0;
    curl_multi_socket_action(handles->multi.get(), fd, 0, &running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(handles->multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        finish(message->data.result);
        return;
      }
    }
  }

  void finish(CURLcode code) {
    timer.clear();
    auto call = std::move(done);
    watches.clear();
    // The multi goes on living inside the stream, its callbacks must not come here any more.
    curl_multi_setopt(handles->multi.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(handles->multi.get(), CURLMOPT_TIMERFUNCTION, nullptr);
    curl_easy_setopt(handles->easy.get(), CURLOPT_VERBOSE, 0L);
    curl_easy_setopt(handles->easy.get(), CURLOPT_DEBUGFUNCTION, nullptr);
    curl_easy_setopt(handles->easy.get(), CURLOPT_ERRORBUFFER, nullptr);
    if (code != CURLE_OK) {
      call(fail(class_of(code), host + ": " + explain(code)));
      return;
    }
    if (preauth) {
      call(fail(ErrorCode::protocol, host + ": the server greets with PREAUTH: it takes us for somebody, refused"));
      return;
    }
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(handles->easy.get(), CURLINFO_ACTIVESOCKET, &fd);
    if (fd == CURL_SOCKET_BAD) {
      call(fail(ErrorCode::network, host + ": the connection ended at once"));
      return;
    }
    call(std::unique_ptr<Stream>(std::make_unique<CurlStream>(std::move(handles), fd)));
  }

  std::string explain(CURLcode code) const {
    std::string text = reason[0] ? reason : curl_easy_strerror(code);
    // "Failed to connect to HOST port 993 after 3 ms: why": where to is said in front of it.
    if (const auto why = text.find(" ms: "); code == CURLE_COULDNT_CONNECT && why != text.npos) text.erase(0, why + 5);
    if (const auto bye = first_words.find("* BYE"); bye != first_words.npos) {
      text += "; the server says: " + std::string(trim(std::string_view(first_words).substr(bye + 5, 200)));
    }
    return printable(text, 400);
  }
};

Connecting::Connecting(Loop& loop, const ConnectOptions& options,
                       std::function<void(Result<std::unique_ptr<Stream>>)> done)
    : state_(std::make_shared<State>(loop)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  auto& state = *state_;
  state.done = std::move(done);
  state.host = options.host + ":" + std::to_string(options.port);
  CURL* easy = state.handles->easy.get();
  CURLM* multi = state.handles->multi.get();
  const bool bare_v6 = options.host.find(':') != std::string::npos && options.host.front() != '[';
  const std::string host = bare_v6 ? "[" + options.host + "]" : options.host;
  const bool implicit = options.tls == ConnectOptions::Tls::implicit;
  const std::string url = (implicit ? "imaps://" : "imap://") + host + ":" + std::to_string(options.port) + "/";
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
  curl_easy_setopt(easy, CURLOPT_USE_SSL,
                   static_cast<long>(options.tls == ConnectOptions::Tls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  } else if (const char* named = std::getenv("SSL_CERT_FILE"); named && *named) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, named);  // as everywhere; libcurl leaves it to its callers
  }
  if (!options.proxy.empty()) curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.within.count() / 1000));
  curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 16L);  // greeting
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // else giving up waits for the resolver's thread, blocking
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, prepare_socket);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, state.reason);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, State::on_debug);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &state);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, State::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, &state);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, State::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, &state);
  curl_multi_add_handle(multi, easy);  // calls on_timer: the work begins with the next wake-up
}

Connecting::~Connecting() {
  if (!state_->handles) return;
  curl_multi_setopt(state_->handles->multi.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(state_->handles->multi.get(), CURLMOPT_TIMERFUNCTION, nullptr);
}

}  // namespace otpctl::io
