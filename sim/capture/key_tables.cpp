#include "sim/capture/key_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "sim/capture/wireshark_words.hpp"

namespace ikelab::capture {
namespace {

using crypto::TransformType;
/// One field of a line, and where it begins, counted from 1.
struct Field {
  std::string text;
  std::size_t column = 1;
};
using Fields = std::vector<Field>;

constexpr std::size_t longest_line = 4096, most_rows = 100'000;
constexpr const char* own_suffix = ".ikelab";

/// Comma-separated; quotes around a field are taken off.
Fields split(const std::string& line) {
  Fields out(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == ',' && !quoted)
      out.push_back({"", i + 2});
    else if (line[i] != '\r')
      out.back().text += line[i];
  }
  return out;
}

/// The error's offset is the column's: read_table makes a place of it.
Error wrong(const Field& field, std::string message) {
  return Error{"E-CAP-011", std::move(message)}.at(field.column);
}

Error missing(const Fields& fields, const char* row) {
  return wrong(fields.back(), fmt::format("the line ends after {} field{}", fields.size(),
                                          fields.size() == 1 ? "" : "s"))
      .expect(fmt::format("expected {}", row));
}

Result<Bytes> octets(const Field& field, const char* what, std::size_t size = 0) {
  auto value = from_hex(field.text);
  if (!value) return wrong(field, fmt::format("{} is not hexadecimal", what));
  if (size != 0 && value->size() != size)
    return wrong(field, fmt::format("{} has {} octets, {} are needed", what, value->size(), size));
  return value;
}

std::uint64_t big_endian(ByteView octets) {
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return value;
}

// ---- ikev2_decryption_table --------------------------------------------------------------------
// SPIi,SPIr,SK_ei,SK_er,"encryption",SK_ai,SK_ar,"integrity"

Result<void> read_ike(const Fields& fields, KeyTables& out) {
  if (fields.size() < 8)
    return missing(fields, R"(SPIi,SPIr,SK_ei,SK_er,"encryption",SK_ai,SK_ar,"integrity")");
  IkeKeyRow row;
  row.encr = algorithm_of(KeyTable::ikev2, TransformType::encr, fields[4].text);
  if (row.encr == nullptr)
    return wrong(fields[4], fmt::format("unknown encryption '{}'", fields[4].text))
        .expect("expected Wireshark's words, e.g. AES-GCM-256 with 16 octet ICV [RFC5282]");
  row.integ = algorithm_of(KeyTable::ikev2, TransformType::integ, fields[7].text);
  if (row.integ == nullptr && fields[7].text != no_integrity(KeyTable::ikev2))
    return wrong(fields[7], fmt::format("unknown integrity '{}'", fields[7].text))
        .expect("expected Wireshark's words, e.g. HMAC_SHA2_256_128 [RFC4868]");
  if (row.integ == nullptr && !row.encr->aead)
    return wrong(fields[7], fmt::format("{} needs an integrity algorithm", fields[4].text));
  IKELAB_TRY(const Bytes spi_i, octets(fields[0], "SPIi", 8));
  IKELAB_TRY(const Bytes spi_r, octets(fields[1], "SPIr", 8));
  const std::size_t key = row.encr->key_size + row.encr->salt_size;
  const std::size_t mac = row.integ == nullptr ? 0 : row.integ->key_size;
  IKELAB_TRY(row.sk_ei, octets(fields[2], "SK_ei", key));
  IKELAB_TRY(row.sk_er, octets(fields[3], "SK_er", key));
  if (mac != 0) {
    IKELAB_TRY(row.sk_ai, octets(fields[5], "SK_ai", mac));
    IKELAB_TRY(row.sk_ar, octets(fields[6], "SK_ar", mac));
  }
  row.spi_i = {big_endian(spi_i)};
  row.spi_r = {big_endian(spi_r)};
  out.ike.push_back(std::move(row));
  return {};
}

// ---- esp_sa ------------------------------------------------------------------------------------
// "IPv4","src","dst","0xSPI","encryption","0xKEY","integrity","0xKEY"

Result<std::optional<IpAddress>> address_or_any(const Field& field) {
  if (field.text == "*" || field.text.empty()) return std::optional<IpAddress>();
  const auto address = IpAddress::parse(field.text);
  if (!address) return wrong(field, address.error().message).expect(address.error().hint);
  return std::optional(*address);
}

Result<void> read_esp(const Fields& fields, KeyTables& out) {
  if (fields.size() < 8)
    return missing(fields,
                   R"("IPv4","src","dst","0xSPI","encryption","0xKEY","integrity","0xKEY")");
  EspKeyRow row;
  IKELAB_TRY(row.src, address_or_any(fields[1]));
  IKELAB_TRY(row.dst, address_or_any(fields[2]));
  if (fields[3].text != "*") {
    IKELAB_TRY(const Bytes spi, octets(fields[3], "the SPI", 4));
    row.spi = EspSpi{static_cast<std::uint32_t>(big_endian(spi))};
  }
  IKELAB_TRY(row.key, octets(fields[5], "the encryption key"));
  row.encr = algorithm_of(KeyTable::esp, TransformType::encr, fields[4].text, row.key.size());
  if (row.encr == nullptr)
    return wrong(fields[4], fmt::format("no encryption '{}' takes a key of {} octets",
                                        fields[4].text, row.key.size()))
        .expect("expected Wireshark's words, the salt at the key's end");
  if (!row.encr->aead && fields[6].text != no_integrity(KeyTable::esp)) {
    row.integ = algorithm_of(KeyTable::esp, TransformType::integ, fields[6].text);
    if (row.integ == nullptr)
      return wrong(fields[6], fmt::format("unknown integrity '{}'", fields[6].text))
          .expect("expected Wireshark's words, e.g. HMAC-SHA-256-128 [RFC4868]");
    IKELAB_TRY(row.integ_key, octets(fields[7], "the integrity key", row.integ->key_size));
  }
  out.esp.push_back(std::move(row));
  return {};
}

// ---- ikev1_decryption_table --------------------------------------------------------------------
// initiator cookie,key

constexpr std::size_t longest_ikev1_key = 56;  // Blowfish's, the longest of RFC 2409, appendix A

Result<void> read_ikev1(const Fields& fields, KeyTables& out) {
  if (fields.size() < 2) return missing(fields, "initiator cookie,key");
  Ikev1KeyRow row;
  IKELAB_TRY(const Bytes cookie, octets(fields[0], "the cookie", 8));
  IKELAB_TRY(row.key, octets(fields[1], "the key"));
  if (row.key.empty() || row.key.size() > longest_ikev1_key)
    return wrong(fields[1], fmt::format("the key has {} octets", row.key.size()))
        .expect("expected that of the cipher: 16, 24 or 32 octets with AES");
  row.cookie_i = {big_endian(cookie)};
  out.ikev1.push_back(std::move(row));
  return {};
}

struct Table {
  const char* file;
  Result<void> (*read)(const Fields& fields, KeyTables& out);
};
constexpr Table tables[] = {{"ikev2_decryption_table", read_ike},
                            {"esp_sa", read_esp},
                            {"ikev1_decryption_table", read_ikev1}};

/// False: the file is not there.
Result<bool> read_table(const std::filesystem::path& file, const Table& table, KeyTables& out) {
  std::ifstream in(file);
  if (!in) return false;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#' || line == "\r") continue;
    auto read = line.size() > longest_line || number > most_rows
                    ? Result<void>(Error{"E-CAP-011", "the line is too long, or one too many"})
                    : table.read(split(line), out);
    if (read) continue;
    Error error = read.error();
    const std::size_t column = error.offset.value_or(1);
    error.offset.reset();
    return std::move(error).in(fmt::format("{}:{}:{}", file.string(), number, column));
  }
  return true;
}

std::string ike_row(const IkeKeyRow& row, const std::string& encr, const std::string& integ) {
  return fmt::format("{:016x},{:016x},{},{},\"{}\",{},{},\"{}\"", row.spi_i.value, row.spi_r.value,
                     to_hex(row.sk_ei), to_hex(row.sk_er), encr, to_hex(row.sk_ai),
                     to_hex(row.sk_ar), integ);
}

std::string esp_row(const EspKeyRow& row, const std::string& encr, const std::string& integ) {
  const auto address = [](const std::optional<IpAddress>& a) { return a ? a->to_string() : "*"; };
  const bool v6 = row.src && row.src->is_v6();
  return fmt::format("\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",\"{}\"",
                     v6 ? "IPv6" : "IPv4", address(row.src), address(row.dst),
                     row.spi ? fmt::format("0x{:08x}", row.spi->value) : "*", encr,
                     row.key.empty() ? "" : "0x" + to_hex(row.key), integ,
                     row.integ_key.empty() ? "" : "0x" + to_hex(row.integ_key));
}

/// A row in words, and whether Wireshark understands it; nothing when we have no word.
template <class Row>
std::optional<Word> in_words(KeyTable table, const Row& row,
                             std::string (*write)(const Row&, const std::string&,
                                                  const std::string&)) {
  const auto encr = word_of(table, *row.encr);
  const auto integ = row.integ == nullptr ? std::optional(Word{std::string(no_integrity(table))})
                                          : word_of(table, *row.integ);
  if (!encr || !integ) return std::nullopt;
  return Word{write(row, encr->text, integ->text), encr->wireshark_knows && integ->wireshark_knows};
}

bool put(const std::filesystem::path& file, const std::vector<std::string>& rows) {
  std::ofstream out(file);
  for (const std::string& row : rows) out << row << '\n';
  return static_cast<bool>(out.flush());
}

template <class Row>
bool put_table(const std::filesystem::path& file, KeyTable table, const std::vector<Row>& all,
               std::string (*write)(const Row&, const std::string&, const std::string&)) {
  std::vector<std::string> known, own;
  for (const Row& row : all) {
    const auto words = in_words(table, row, write);
    if (!words) continue;
    auto& rows = words->wireshark_knows ? known : own;
    // Both peers of an IKE SA install the same one.
    if (std::find(rows.begin(), rows.end(), words->text) == rows.end()) rows.push_back(words->text);
  }
  return put(file, known) && (own.empty() || put(file.string() + own_suffix, own));
}

/// Only where there are such SAs: the table of a historic protocol.
bool put_ikev1(const std::filesystem::path& file, const std::vector<Ikev1KeyRow>& all) {
  if (all.empty()) return true;
  std::vector<std::string> rows;
  for (const Ikev1KeyRow& row : all)
    rows.push_back(fmt::format("{:016x},{}", row.cookie_i.value, to_hex(row.key)));
  return put(file, rows);
}

}  // namespace

const IkeKeyRow* KeyTables::find(IkeSpi spi_i, IkeSpi spi_r) const {
  const auto row = std::find_if(ike.begin(), ike.end(), [&](const IkeKeyRow& r) {
    return r.spi_i == spi_i && r.spi_r == spi_r;
  });
  return row == ike.end() ? nullptr : &*row;
}

const EspKeyRow* KeyTables::find(const IpAddress& src, const IpAddress& dst, EspSpi spi) const {
  const auto row = std::find_if(esp.begin(), esp.end(), [&](const EspKeyRow& r) {
    return (!r.spi || *r.spi == spi) && (!r.src || *r.src == src) && (!r.dst || *r.dst == dst);
  });
  if (row != esp.end()) return &*row;
  // A NAT or a move changed the addresses: the SPI alone says which SA it is (RFC 4301, 4.1).
  const auto by_spi = std::find_if(esp.begin(), esp.end(),
                                   [&](const EspKeyRow& r) { return r.spi && *r.spi == spi; });
  return by_spi == esp.end() ? nullptr : &*by_spi;
}

const Ikev1KeyRow* KeyTables::find_ikev1(IkeSpi cookie_i) const {
  const auto row = std::find_if(ikev1.begin(), ikev1.end(),
                                [&](const Ikev1KeyRow& r) { return r.cookie_i == cookie_i; });
  return row == ikev1.end() ? nullptr : &*row;
}

Result<KeyTables> read_key_tables(const std::filesystem::path& directory) {
  KeyTables out;
  bool any = false;
  for (const Table& table : tables)
    for (const char* suffix : {"", own_suffix}) {
      IKELAB_TRY(const bool found,
                 read_table(directory / (std::string(table.file) + suffix), table, out));
      any = any || found;
    }
  if (!any)
    return Error{"E-CAP-010", "there are no key tables"}
        .in(directory.string())
        .expect("expected ikev2_decryption_table, esp_sa or ikev1_decryption_table");
  return out;
}

Result<void> write_key_tables(const KeyTables& keys, const std::filesystem::path& directory) {
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  const bool written = put_table(directory / tables[0].file, KeyTable::ikev2, keys.ike, ike_row) &&
                       put_table(directory / tables[1].file, KeyTable::esp, keys.esp, esp_row) &&
                       put_ikev1(directory / tables[2].file, keys.ikev1);
  if (!written)
    return Error{"E-RUN-003", "cannot write the key tables"}
        .in(directory.string())
        .expect("expected a folder that can be written");
  return {};
}

}  // namespace ikelab::capture
