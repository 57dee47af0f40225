#include "cases.hpp"

using namespace otpctl::code::test;

TEST_CASE("Turkish: codes with their dots and without") {
  check({
      {"Doğrulama kodunuz: 482913", "482913"},
      {"Dogrulama kodunuz: 482913", "482913"},
      {"DOĞRULAMA KODUNUZ: 482913", "482913"},
      {"Doğrulama kodunuz 482913, lütfen kimseyle paylaşmayın.", "482913"},
      {"Onay kodu 4829", "4829"},
      {"482913 onay kodu ile girişinizi tamamlayın.", "482913"},
      {"Giriş kodunuz 048291. 3 dakika geçerlidir.", "048291"},
      {"Tek kullanımlık şifreniz: 482913. Şifrenizi kimseyle paylaşmayınız.", "482913"},
      {"Sifre: 482913 B001", "482913"},
      {"ŞİFRE: 482913", "482913"},
      {"Example Bank mobil onay şifreniz 77120934'tür.", "77120934"},
      {"Güvenlik kodu = 482913", "482913"},
      {"Kodunuz 482 913", "482913"},
      {"Değerli müşterimiz, 1234 ile biten kartınızla 150,00 TL tutarındaki işlem için doğrulama "
       "kodunuz: 482913",
       "482913"},
      {"150 TL tutarındaki alışverişiniz için 3D Secure şifreniz 482913. Ref no: 556677", "482913"},
      {"Üyelik işleminiz için kod: 482913 Mersis 0123456789012345", "482913"},
      {"482913 doğrulama kodunuzdur.", "482913"},
      {"Example doğrulama kodu:\n\n482913\n\nBu kod 5 dakika geçerlidir.", "482913"},
      {"Giriş yapmak için 482913 girin.", "482913"},
      {"E-posta adresinizi doğrulamak için aşağıdaki kodu kullanın:\n482913", "482913"},
      {"Tek seferlik giriş: kodun 4829", "4829"},
      {"Kod: A4B7K9", "A4B7K9"},
      {"Giriş için 5521 kodunu kullanın.", "5521"},
      {"Uygulamaya 482913 kodunu girerek devam edin", "482913"},
  });
}

TEST_CASE("Turkish: numbers that are no code") {
  check_none({
      "İndirim kodu: YAZ2026",
      "Yüzde 20 indirim kodunuz 482913",
      "Sipariş no: 482913",
      "48291356 numaralı siparişiniz kargoya verildi.",
      "Kargo takip numaranız 48291356",
      "Hesap bakiyeniz 482913 TL",
      "Tutar: 482913",
      "Fatura no 482913, son ödeme 20.11.2026",
      "Müşteri hizmetleri: 0850 222 00 00",
      "444 1 444 numaralı hattı arayın",
      "Referans numaranız 482913",
      "Posta kodu 34710",
      "Rezervasyon kodu: AB12CD",
      "Kodunuz gönderildi, 3 dakika geçerlidir.",
      "Şifrenizi kimseyle paylaşmayınız. Bilgi: 4441444",
      "Kodunuzun süresi doldu.",
      "Teslimat kodunuz 482913",
      "1234 ile biten kartınızdan 500 TL harcama yapıldı.",
      "Karekod 482913",
      "20.11.2026 saat 14:30'da görüşmek üzere",
      "TCKN 12345678901",
  });
}

TEST_CASE("Turkish: two codes are ambiguous, one old code is not") {
  check({
      {"Giriş kodunuz 111222. Onay kodunuz 333444.", "111222|333444"},
      {"Yeni kodunuz: 482913. Eski kodunuz 111222 artık geçerli değil.", "482913"},
  });
}
