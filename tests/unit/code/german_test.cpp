#include "cases.hpp"

using namespace otpctl::code::test;

TEST_CASE("German: codes with their umlauts and without") {
  check({
      {"Ihr Bestätigungscode lautet 482913", "482913"},
      {"Ihr Bestaetigungscode lautet: 482913", "482913"},
      {"IHR BESTÄTIGUNGSCODE: 482913", "482913"},
      {"Dein Code ist 482913.", "482913"},
      {"482913 ist dein Example-Bestätigungscode", "482913"},
      {"482913 ist Ihr Sicherheitscode. Er ist 10 Minuten gültig.", "482913"},
      {"mTAN: 482913 für die Überweisung von 150,00 EUR auf Konto DE00", "482913"},
      {"Ihre TAN lautet 77120934", "77120934"},
      {"Einmalpasswort: 048291", "048291"},
      {"Ihr Einmal-Passwort lautet \"482913\"", "482913"},
      {"Verifizierungscode 482 913", "482913"},
      {"Anmeldecode: 4829", "4829"},
      {"Geben Sie diesen Code ein:\n\n482913\n\nEr läuft in 10 Minuten ab.", "482913"},
      {"Geben Sie 482913 ein, um sich anzumelden.", "482913"},
      {"Ihre Bestellung 99887766: Der Freischaltcode ist 482913", "482913"},
      {"Code zur Anmeldung bei Example: 482913", "482913"},
      {"Zugangscode\n482913", "482913"},
      {"Ihr Code für Vorgang 556677 lautet 482913", "482913"},
      {"Sicherheitscode: K7T3P", "K7T3P"},
  });
}

TEST_CASE("German: numbers that are no code") {
  check_none({
      "Ihre Bestellnummer: 482913",
      "Rechnungsnummer 482913 vom 20.11.2026",
      "Ihr Gutscheincode: SOMMER26",
      "Rabattcode 482913",
      "PLZ 80331 München",
      "Die Postleitzahl ist 80331",
      "Ihre Sendung 48291356 ist unterwegs",
      "Kundennummer 482913",
      "Betrag: 482913 EUR",
      "Amtsgericht Musterstadt, HRB 482913",
      "Tel. 089 482913",
      "Telefon: 0800 4829130",
      "Fehlercode 4829",
      "Ihr Konto mit der Endziffer 4829",
      "Ihr Code ist abgelaufen.",
      "Der Code ist 10 Minuten gültig.",
      "Wir fragen nie nach Ihrem Code. Hotline 4829130",
      "Treffen am 20.11. um 14:30 Uhr",
      "Ihre Referenz: 482913",
      "Ein 6-stelliger Code wurde an die Nummer mit 5678 gesendet",
  });
}

TEST_CASE("German: two codes are ambiguous") {
  check({{"Ihr Code lautet 111222 oder 333444.", "111222|333444"}});
}
