#include "message/parts.hpp"

#include "base/text.hpp"
#include "message/charset.hpp"
#include "message/gmime.hpp"
#include "message/limits.hpp"

#include <algorithm>
#include <optional>

namespace otpctl::message {

namespace {

struct Entity {
  Leaf leaf;
  std::string boundary;  // of a multipart; empty otherwise
  bool multipart = false;
};

std::string text_or_empty(const char* text) { return text ? text : ""; }

/// `fallback`: the type of a part that names none (RFC 2046 5.1.5).
Entity describe(const HeaderBlock& headers, std::string_view fallback) {
  Entity out;
  out.leaf.type = fallback;
  out.leaf.encoding = to_lower(unfold(headers.value("Content-Transfer-Encoding")));
  const std::string type = unfold(headers.value("Content-Type"));
  bool has_name = false;
  if (!type.empty()) {
    const Owned<GMimeContentType> parsed(g_mime_content_type_parse(gmime_options(), type.c_str()));
    const std::string media = text_or_empty(g_mime_content_type_get_media_type(parsed.get()));
    const std::string sub = text_or_empty(g_mime_content_type_get_media_subtype(parsed.get()));
    // A type without a slash is broken, and RFC 2045 5.2 then means plain text; GMime says
    // octet-stream.
    if (type.find('/') != type.npos) out.leaf.type = to_lower(media + "/" + sub);
    out.leaf.charset = text_or_empty(g_mime_content_type_get_parameter(parsed.get(), "charset"));
    out.boundary = text_or_empty(g_mime_content_type_get_parameter(parsed.get(), "boundary"));
    has_name = g_mime_content_type_get_parameter(parsed.get(), "name") != nullptr;
  }
  const std::string disposition = to_lower(unfold(headers.value("Content-Disposition")));
  out.leaf.attachment = disposition.starts_with("attachment");
  out.leaf.named = has_name || disposition.find("filename") != disposition.npos;
  out.multipart = out.leaf.type.starts_with("multipart/");
  return out;
}

/// One pass over the lines of a mail with a stack of open multiparts.
class Walk {
 public:
  Walk(std::string_view mail, std::vector<std::string>& problems)
      : mail_(mail), problems_(problems) {}

  std::vector<Leaf> run(Entity top, std::size_t body) {
    begin(std::move(top), body);
    std::size_t line = body;
    while (!open_.empty() && !full_) {
      line = next_dashes(line);
      if (line == mail_.npos) break;
      const std::size_t feed = mail_.find('\n', line);
      const std::size_t next = feed == mail_.npos ? mail_.size() : feed + 1;
      line = boundary_line(line, next);
    }
    end_leaf(mail_.size());
    return std::move(leaves_);
  }

 private:
  struct Open {
    std::string boundary;
    bool digest = false;
  };

  /// The next line from `pos` (a line's begin) that starts with "--".
  std::size_t next_dashes(std::size_t pos) const {
    if (mail_.substr(pos, 2) == "--") return pos;
    const std::size_t found = mail_.find("\n--", pos);
    return found == mail_.npos ? found : found + 1;
  }

  /// Acts on the line [line, next) if it is a boundary of ours; returns where to go on.
  std::size_t boundary_line(std::size_t line, std::size_t next) {
    const std::string_view text = trim(mail_.substr(line + 2, next - line - 2));
    for (std::size_t i = open_.size(); i-- > 0;) {
      const std::string& boundary = open_[i].boundary;
      if (!text.starts_with(boundary)) continue;
      const std::string_view rest = text.substr(boundary.size());
      if (!rest.empty() && rest != "--") continue;
      end_leaf(line);
      open_.resize(rest.empty() ? i + 1 : i);  // whatever was open inside has ended with it
      return rest.empty() ? begin_part(next) : next;
    }
    return next;
  }

  std::size_t begin_part(std::size_t pos) {
    if (++parts_ > kParts) {
      problems_.push_back("over 100 parts");
      full_ = true;
      return pos;
    }
    const HeaderBlock headers = read_part_headers(mail_.substr(pos));
    const bool digest = open_.back().digest;
    begin(describe(headers, digest ? "message/rfc822" : "text/plain"), pos + headers.body);
    return pos + headers.body;
  }

  void begin(Entity entity, std::size_t body) {
    if (!entity.multipart) {
      leaf_ = std::move(entity.leaf);
      leaf_begin_ = body;
    } else if (trim(entity.boundary).empty() || entity.boundary.size() > kBoundaryBytes) {
      problems_.push_back("a multipart without a usable boundary");
    } else if (open_.size() == kDepth) {
      problems_.push_back("nested deeper than 20");
    } else {
      open_.push_back({std::string(trim(entity.boundary)), entity.leaf.type == "multipart/digest"});
    }
  }

  /// The line end in front of a boundary belongs to the boundary (RFC 2046 5.1.1).
  void end_leaf(std::size_t end) {
    if (!leaf_) return;
    std::string_view body = mail_.substr(leaf_begin_, std::max(end, leaf_begin_) - leaf_begin_);
    if (body.ends_with('\n')) body.remove_suffix(1);
    if (body.ends_with('\r')) body.remove_suffix(1);
    leaf_->body = body;
    leaves_.push_back(std::move(*leaf_));
    leaf_.reset();
  }

  std::string_view mail_;
  std::vector<std::string>& problems_;
  std::vector<Open> open_;
  std::vector<Leaf> leaves_;
  std::optional<Leaf> leaf_;
  std::size_t leaf_begin_ = 0;
  std::size_t parts_ = 0;
  bool full_ = false;
};

std::string undo_transfer_encoding(std::string_view body, const std::string& name) {
  const GMimeContentEncoding encoding = g_mime_content_encoding_from_string(name.c_str());
  if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
      encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE) {
    return std::string(body);
  }
  GMimeEncoding state;
  g_mime_encoding_init_decode(&state, encoding);
  std::string out(g_mime_encoding_outlen(&state, body.size()), '\0');
  out.resize(g_mime_encoding_flush(&state, body.data(), body.size(), out.data()));
  return out;
}

}  // namespace

PartTree walk_parts(std::string_view mail, const HeaderBlock& headers,
                    std::vector<std::string>& problems) {
  PartTree tree;
  Entity top = describe(headers, "text/plain");
  tree.type = top.leaf.type;
  tree.leaves = Walk(mail, problems).run(std::move(top), headers.body);
  return tree;
}

std::string decode_text(const Leaf& leaf) {
  gmime_options();
  std::string bytes = undo_transfer_encoding(leaf.body.substr(0, kEncodedPart), leaf.encoding);
  if (bytes.size() > kDecodedPart) bytes.resize(kDecodedPart);
  const bool asks_document = leaf.charset.empty() && leaf.type == "text/html";
  std::string out = to_utf8(bytes, asks_document ? charset_of_html(bytes) : std::string_view(leaf.charset));
  if (out.size() > kDecodedPart) out = to_valid_utf8(std::string_view(out).substr(0, kDecodedPart));
  return out;
}

std::string decode_message(const Leaf& leaf) {
  gmime_options();
  return undo_transfer_encoding(leaf.body.substr(0, kEncodedPart), leaf.encoding);
}

}  // namespace otpctl::message
