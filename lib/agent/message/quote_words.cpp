#include "message/quote_words.hpp"

#include "base/text.hpp"
#include "message/quotes.hpp"

#include <algorithm>
#include <string>

namespace otpctl::message {

namespace {

// ASCII letters are compared in lower case; others stand as programs write them.
// clang-format off
constexpr std::string_view kFrom[] = {
    "from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "feladó", "От", "От кого", "Від", "kimden",
    "gönderen", "发件人", "寄件者", "寄件人", "差出人", "送信者", "from", "보낸 사람", "보낸사람", "מאת", "من", "از", "từ", "จาก",
    "dari", "Από", "expéditeur", "remitente", "remetente", "mittente", "afzender", "od kogo", "nuo", "no", "saatja",
    "frá",
    "प्रेषक", "প্রেরক",
};
constexpr std::string_view kOther[] = {
    "sent", "date", "to", "cc", "subject", "reply-to", "gesendet", "datum", "an", "betreff", "envoyé", "à", "objet",
    "enviado", "enviado el", "enviada em", "fecha", "data", "para", "asunto", "assunto", "inviato", "a", "oggetto",
    "verzonden", "aan", "onderwerp", "skickat", "till", "ämne", "sendt", "til", "emne", "lähetetty", "päiväys",
    "vastaanottaja", "aihe", "wysłano", "do", "temat", "odesláno", "komu", "předmět", "odoslané", "predmet", "elküldve",
    "dátum", "címzett", "tárgy", "Отправлено", "Дата", "Кому", "Тема", "Надіслано", "Изпратено", "До", "Относно",
    "gönderildi", "tarih", "kime", "alıcı", "konu", "发送时间", "发送日期", "收件人", "主题", "日期", "寄件日期", "收件者", "主旨",
    "送信日時", "日付", "日時", "宛先", "件名", "보낸 날짜", "날짜", "받는 사람", "제목", "נשלח", "תאריך", "אל", "נושא", "تاريخ",
    "التاريخ", "إلى", "الموضوع", "موضوع", "به", "đã gửi", "ngày", "đến", "chủ đề", "ส่งเมื่อ", "วันที่", "ถึง",
    "เรื่อง",
    "terkirim", "tanggal", "kepada", "subjek", "perihal", "Στάλθηκε", "Ημερομηνία", "Προς", "Θέμα", "trimis", "către",
    "subiect", "poslano", "poslato", "naslov", "zadeva", "saadetud", "teema", "nosūtīts", "temats", "išsiųsta", "tema",
};
constexpr std::string_view kWrote[] = {
    "wrote", "writes", "schrieb", "a écrit", "a ecrit", "escribió", "escribio", "va escriure", "escreveu", "ha scritto",
    "schreef", "skrev", "kirjoitti", "napisał", "pisze", "napsal", "napísal", "je napisao", "je napisala", "írta",
    "пишет",
    "писал", "написал", "пише", "написа", "yazdı", "yazdi", "写道", "寫道", "のメール", "書きました", "書いた", "작성", "כתב",
    "كتب", "نوشت", "เขียน", "viết", "menulis", "έγραψε", "a scris", "rakstīja", "rašė", "kirjutas", "skrifaði",
    "ने लिखा",
    "লিখেছেন",
};
constexpr std::string_view kForwarded[] = {
    "forwarded", "weitergeleitet", "transféré", "transfere", "reenviado", "encaminhada", "inoltrat", "doorgestuurd",
    "vidarebefordrat", "videresendt", "välitetty", "edelleenlähetetty", "przekazan", "przesłan", "přeposlan",
    "preposlan",
    "továbbított", "Пересылаемое", "Переслан", "Пересланное", "Препратено", "iletilen", "iletilmiş", "转发", "轉寄", "轉發",
    "転送", "전달", "הועבר", "המועברת", "إعادة توجيه", "مُعاد", "فرستاده شده", "chuyển tiếp", "ส่งต่อ", "diteruskan",
    "Προωθ", "redirecționat", "proslije", "prosleđen", "posredovan", "pārsūtīt", "persiųst", "edastatud",
};
constexpr std::string_view kForwardMarks[] = {
    "fwd", "fw", "wg", "tr", "rv", "enc", "i", "ilt", "İlt", "doorst", "vb", "vl", "pd", "tov", "转发", "轉寄", "轉發", "転送",
    "전달", "הועבר", "πρθ", "ΠΡΘ", "ส่งต่อ", "chuyển tiếp", "إعادة توجيه", "ПЕР",
};
constexpr std::string_view kReplyMarks[] = {
    "re", "aw", "antw", "sv", "ynt", "rif", "r", "odp", "res", "vá", "vÁ", "回复", "答复", "回覆", "返信", "답장", "回信",
    "απ", "ΑΠ", "השב", "رد", "ตอบ", "ตอบกลับ", "trả lời", "atb", "ats", "Отв",
};
// clang-format on

template <std::size_t size>
bool is_one_of(std::string_view word, const std::string_view (&words)[size]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

template <std::size_t size>
bool holds_one_of(std::string_view text, const std::string_view (&words)[size]) {
  return std::any_of(std::begin(words), std::end(words),
                     [text](std::string_view word) { return text.find(word) != text.npos; });
}

/// What stands before the first colon, lower case, without stars around it; empty when there is none early.
std::string word_before_colon(std::string_view line) {
  const std::size_t end = std::min(line.find(':'), line.find("："));
  if (end == line.npos || end > 40) return {};
  std::string_view word = trim(line.substr(0, end));
  while (word.starts_with('*')) word.remove_prefix(1);
  while (word.ends_with('*')) word.remove_suffix(1);
  return to_lower(trim(word));
}

}  // namespace

HeadWord head_word(std::string_view line) {
  const std::string word = word_before_colon(line);
  if (word.empty()) return HeadWord::none;
  if (is_one_of(word, kFrom)) return HeadWord::from;
  return is_one_of(word, kOther) ? HeadWord::other : HeadWord::none;
}

bool says_wrote(std::string_view line) { return holds_one_of(to_lower(line), kWrote); }

bool says_forwarded(std::string_view line) { return holds_one_of(to_lower(line), kForwarded); }

ChainPlace chain_place(std::string_view subject) {
  std::string word = word_before_colon(subject);
  word.resize(std::min(word.find_first_of("[(0123456789"), word.size()));  // "Re[2]:"
  const std::string_view mark = trim(word);
  if (mark.empty()) return ChainPlace::unknown;
  if (is_one_of(mark, kForwardMarks)) return ChainPlace::forward;
  return is_one_of(mark, kReplyMarks) ? ChainPlace::reply : ChainPlace::unknown;
}

}  // namespace otpctl::message
