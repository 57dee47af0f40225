#include "code/tables.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace otpctl::code {

namespace {

struct Section {
  std::string_view name;
  Role role;
};
constexpr std::array<Section, kRoles> kSections = {{
    {"negative", Role::negative}, {"strong", Role::strong},   {"weak", Role::weak},       {"soft", Role::soft},
    {"ordinary", Role::ordinary}, {"time", Role::time},       {"money", Role::money},     {"count", Role::count},
    {"copula", Role::copula},     {"both", Role::both},       {"number", Role::number},   {"request", Role::request}, {"aim", Role::aim},
    {"context", Role::context},   {"promotion", Role::promotion},
    {"expired", Role::expired},   {"life", Role::life},       {"login", Role::login},     {"verify", Role::verify},
    {"payment", Role::payment},   {"reset", Role::reset},
}};

class Table {
 public:
  Table(std::string_view text, std::size_t language, std::vector<Entry>& out) : text_(text), out_(out) {
    languages_.set(language);
  }

  Result<void> read() {
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', begin), text_.size());
      const std::string_view line = trim(text_.substr(begin, end - begin));
      ++line_;
      begin = end + 1;
      if (line.empty() || line.front() == '#') continue;
      if (line == "[cases]") break;  // for the tests
      if (auto done = take(line); !done) return done;
    }
    return name_.empty() ? wrong("it does not say which language it is: language = …") : Result<void>();
  }

 private:
  Result<void> wrong(const std::string& why) const {
    return fail(ErrorCode::config, "language table " + name_ + ", line " + std::to_string(line_) + ": " + why);
  }

  Result<void> take(std::string_view line) {
    if (line.front() == '[') return section(line);
    return role_ ? entry(line) : setting(line);
  }

  Result<void> setting(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos) return wrong("a setting is NAME = VALUE");
    const std::string_view name = trim(line.substr(0, equals));
    const std::string_view value = trim(line.substr(equals + 1));
    if (name == "language") {
      name_ = value;
    } else if (name == "joined") {
      for (const char32_t letter : fold(value).letters) {
        if (letter != U' ') particles_ += letter;
      }
    } else {
      return wrong("no such setting");
    }
    return {};
  }

  Result<void> section(std::string_view line) {
    const auto known = [&](const Section& section) {
      return line.size() == section.name.size() + 2 && line.substr(1, section.name.size()) == section.name;
    };
    const auto* found = std::find_if(kSections.begin(), kSections.end(), known);
    if (found == kSections.end() || line.back() != ']') return wrong("no such section");
    role_ = found->role;
    return {};
  }

  Result<void> entry(std::string_view line) {
    Entry out;
    out.role = *role_;
    if (out.role == Role::time) {
      const std::size_t equals = std::min(line.find('='), line.size());
      const std::string_view seconds = trim(line.substr(std::min(equals + 1, line.size())));
      const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), out.value);
      if (error != std::errc() || end != seconds.data() + seconds.size() || out.value <= 0)
        return wrong("a unit of time is WORD = SECONDS");
      line = trim(line.substr(0, equals));
    }
    out.compound = line.starts_with('*');
    if (out.compound) line.remove_prefix(1);
    std::u32string words = fold(line).letters;
    std::replace(words.begin(), words.end(), U'-', U' ');
    const std::size_t star = std::min(words.find(U'*'), words.size());
    out.head = words.substr(0, star);
    out.tail = words.substr(star);
    if (out.head.empty() || out.head.front() == U' ' || out.head.back() == U' ')
      return wrong("an entry begins with a word");
    for (std::size_t i = out.tail.find(U'*'); i < out.tail.size(); i = out.tail.find(U'*', i + 1)) {
      if (i + 1 < out.tail.size() && out.tail[i + 1] != U' ') return wrong("a '*' ends a word");
    }
    out.languages = languages_;
    out.particles = particles_;
    out_.push_back(std::move(out));
    return {};
  }

  std::string_view text_;
  std::vector<Entry>& out_;
  Languages languages_{};
  std::string name_;
  std::u32string particles_;
  std::optional<Role> role_;
  int line_ = 0;
};

}  // namespace

Result<std::vector<Entry>> read_tables(const std::vector<std::string_view>& tables) {
  std::vector<Entry> out;
  if (tables.size() > kLanguages) return fail(ErrorCode::config, "there is room for 128 languages");
  for (std::size_t language = 0; language < tables.size(); ++language) {
    if (auto read = Table(tables[language], language, out).read(); !read) return fail(read.error());
  }
  return out;
}

}  // namespace otpctl::code
