// What an HTML reader writes: text with the white space that layout asks for, and which parts of it stand out or are
// quoted.
#pragma once

#include "message/html.hpp"
#include "message/html_style.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::message {

class Writer {
 public:
  explicit Writer(std::size_t limit) : limit_(limit) {}

  bool full() const { return full_; }
  std::size_t size() const { return out_.text.size(); }

  void space() {
    if (gap_ == Gap::none) gap_ = Gap::space;
  }
  void line() {
    if (gap_ < Gap::line) gap_ = Gap::line;
  }

  /// Tables: what stands in a row's cells comes on one line with tabs between, as far as each cell holds one line; the
  /// tables and paragraphs in a cell are its own matter.
  void begin_table();
  void end_table();
  void row();
  void cell();

  /// Whole characters, none of them white. `ascii`: each byte is one.
  void put(std::string_view piece, const Style& style, bool ascii);

  /// Everything from byte `begin` on was in a box of its own: it stands out when it is short.
  void boxed(std::size_t begin);

  Visible take() { return std::move(out_); }

 private:
  enum class Gap { none, space, line, cell, row };
  struct Table {
    std::size_t row = 0;   // bytes written when its row began
    std::size_t cell = 0;  // … and its cell
  };

  void mark(std::size_t begin, const Style& style, bool joined);
  Table& table() { return tables_.back(); }
  std::size_t depth() const { return tables_.size() + deeper_; }

  Visible out_;
  std::size_t limit_;
  bool full_ = false;
  Gap gap_ = Gap::none;
  std::size_t gap_depth_ = 0;  // of tables: where the cell was asked for, or the outermost row
  std::size_t line_ = 0;       // where the line begins
  unsigned reasons_ = 0;       // of the last emphasis
  std::vector<Table> tables_ = {Table{}};
  std::size_t deeper_ = 0;  // tables inside the last of tables_
};

}  // namespace otpctl::message
