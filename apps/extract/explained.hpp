// --explain for people: what was seen of a message, what in it was taken for a code, and why. Pure.
#pragma once

#include "extract/marks.hpp"
#include "extract/view.hpp"

#include <string>
#include <vector>

namespace otpctl::apps::extract {

/// The best one first, those that are none last; of equal ones in the order of the texts.
std::vector<code::Candidate> by_score(std::vector<code::Candidate> candidates);

/// Whom it is for and who says so; the texts with every candidate marked: the code between ">>>" and "<<<", each with its
/// number; the candidates by their score with all that speaks for and against each; the verdict. Every line is printable.
std::string explained(const Looked& looked, Shape shape);

}  // namespace otpctl::apps::extract
