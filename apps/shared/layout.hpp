// Answers for people, laid out for the terminal that standard output is. Pure but for columns_of().
#pragma once

#include "shared/context.hpp"

#include <string>
#include <vector>

namespace otpctl::apps {

/// Of the terminal; 0 where standard output is none: lines stay as long as they are.
int columns_of(const Context& context);

/// Of the terminal that standard error is, as wide as it is now; 0 where it is none.
int columns_of_errors(const Context& context);

/// Every line broken at spaces; what follows stands two further in than it.
std::string folded(const std::string& text, int columns);

/// As table(), where it fits; else the last column is broken into lines, and in a terminal too narrow for that each row
/// becomes its first cell and below it "title value, title value". The first row are the titles.
std::string table_in(const std::vector<std::vector<std::string>>& rows, int columns);

/// The same for rows of a name and a value, without titles.
std::string pairs_in(const std::vector<std::vector<std::string>>& rows, int columns);

}  // namespace otpctl::apps
