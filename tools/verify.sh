#!/bin/sh
# Check an act (PDF) without anybody's help and without the internet: openssl and standard tools.
#
#   sh verify.sh --roots roots.pem act.pdf [--manifest manifest.json] [--ledger ledger.jsonl] [recording…]
#
# The strict rule: one seal first and only time stamps after it; the last stamp covers every byte of
# the file but its own; what it is written in is plain hexadecimal with nothing but zeros behind;
# after the seal nothing but stamps, and what is needed to believe them, was added; seal and stamps
# are by somebody whom roots.pem names. Ends with 0 when all of it holds, with 1 when anything does
# not, with 2 when it cannot tell.
#
# It does not know whether a certificate was taken back: the lists inside the PDF say that to a
# program for signatures. Nor whether roots.pem is right: compare it with what authorities publish.
set -eu
LC_ALL=C
export LC_ALL

roots= pdf= manifest= ledger= recordings=
while [ $# -gt 0 ]; do
  case $1 in
    --roots) roots=$2; shift ;;
    --manifest) manifest=$2; shift ;;
    --ledger) ledger=$2; shift ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) if [ -z "$pdf" ]; then pdf=$1; else recordings="$recordings
$1"; fi ;;
  esac
  shift
done
[ -n "$pdf" ] && [ -n "$roots" ] || { echo "usage: verify.sh --roots roots.pem act.pdf [recording…]" >&2; exit 2; }
[ -r "$pdf" ] && [ -r "$roots" ] || { echo "cannot read $pdf or $roots" >&2; exit 2; }
command -v openssl >/dev/null || { echo "openssl is not installed" >&2; exit 2; }

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

good() { printf '  yes  %s\n' "$1"; }
bad() { printf '  NO   %s\n' "$1"; echo; echo "NOT AS IT WAS SEALED: $pdf"; exit 1; }

size=$(($(wc -c <"$pdf")))
digest=$(openssl dgst -sha256 -r "$pdf" | cut -d' ' -f1)
echo "$pdf"
echo "  $size bytes, SHA-256 $digest"

# bytes FROM COUNT: a part of the file
bytes() { tail -c +$(($1 + 1)) "$pdf" | head -c "$2"; }

# Hexadecimal digits become bytes: three digits are two of base64, which openssl reads.
unhex() {
  awk 'BEGIN { signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" }
    { all = all $0 }
    END {
      bytes = length(all) / 2; while (length(all) % 6) all = all "0"
      for (at = 1; at <= length(all); at += 3) {
        value = 0
        for (one = 0; one < 3; one++) value = value * 16 + index("0123456789abcdef", substr(all, at + one, 1)) - 1
        out = out substr(signs, int(value / 64) + 1, 1) substr(signs, value % 64 + 1, 1)
        if (length(out) >= 1024) { printf "%s", out; written += length(out); out = "" }
      }
      lost = (3 - bytes % 3) % 3
      printf "%s%s\n", substr(out, 1, length(out) - lost), substr("==", 1, lost)
    }' | openssl base64 -d -A
}

# --- one seal, then stamps -----------------------------------------------------------------------
grep -abo '/ByteRange \[[0-9 ]*\]' "$pdf" | tr -d '[]' >"$work/ranges"
count=$(($(wc -l <"$work/ranges")))
[ "$count" -gt 0 ] || bad "somebody sealed it"
number=0 before=0
while read -r place zero first second last; do
  number=$((number + 1))
  case "$first$second$last" in *[!0-9]* | "") bad "signature $number says what it covers" ;; esac
  [ "$zero" = 0 ] && [ "$first" -gt 0 ] && [ "$second" -gt "$first" ] || bad "signature $number begins at the beginning"
  end=$((second + last))
  [ "$end" -gt "$before" ] && [ "$end" -le "$size" ] || bad "signature $number comes after the one before it"
  [ "$first" -gt "$before" ] || bad "signature $number stands in its own revision"
  before=$end
  bytes "$first" $((second - first)) >"$work/hole"
  # what it is written in: <, pairs of digits of one kind, >
  if ! grep -Eqx '<([0-9a-f]{2})+>|<([0-9A-F]{2})+>' "$work/hole" || [ "$(wc -l <"$work/hole")" -ne 0 ]; then
    bad "signature $number is written plainly"
  fi
  tr -d '<>' <"$work/hole" | tr 'A-F' 'a-f' >"$work/hex"
  length=$(head -c 8 "$work/hex")
  case $length in 3082????) ;; *) bad "signature $number begins like one" ;; esac
  length=$((2 * (4 + 0x${length#3082})))
  [ "$length" -le $((second - first - 2)) ] || bad "signature $number is whole"
  if tail -c +$((length + 1)) "$work/hex" | grep -q '[^0]'; then bad "nothing but zeros behind signature $number"; fi
  head -c "$length" "$work/hex" | unhex >"$work/token$number"
  { bytes 0 "$first"; bytes "$second" "$last"; } >"$work/covered$number"
  kind=$(bytes "$second" 400 | tr '\n' ' ')
  case "$number $kind" in
    "1 "*"/Type /Sig"*"/SubFilter /ETSI.CAdES.detached"*) ;;
    1\ *) bad "the first one is a seal" ;;
    *"/Type /DocTimeStamp"*"/SubFilter /ETSI.RFC3161"*) ;;
    *) bad "after the seal there are only time stamps" ;;
  esac
  [ "$number" -eq 1 ] && sealed_until=$end
done <"$work/ranges"
[ "$before" -eq "$size" ] || bad "the last one covers the whole file"
good "one seal and $((count - 1)) time stamps, and the last one covers every byte"

# --- what was added after the seal ---------------------------------------------------------------
# Nothing but stamps and what is needed to believe them. A page, a table of contents or a file that
# is written again must say what it said, but for its list of fields.
objects() { tr '\000\r' '  ' | awk '
  /^[0-9]+ 0 obj$/ { name = $1; text = ""; is_in = 1; next }
  is_in && /endobj$/ { print name "\t" text; is_in = 0; next }
  is_in { gsub(/\t/, " "); text = text " " $0 }'; }
first_revision=$(grep -abo '%%EOF' "$pdf" | head -n 1 | cut -d: -f1)
first_revision=$((first_revision + 5)) # a line may not end there
bytes "$first_revision" $((sealed_until - first_revision)) | objects >"$work/sealed"
bytes "$sealed_until" $((size - sealed_until)) >"$work/tail"
objects <"$work/tail" >"$work/added"
if grep -aq '/ObjStm\|/Type */XRef' "$work/tail"; then bad "what was added after the seal can be read"; fi
awk -F '\t' '
  function plain(text) {
    gsub(/\/Annots \[[0-9 R]*\]/, "", text); gsub(/\/Fields \[[0-9 R]*\]/, "", text)
    gsub(/\/DSS [0-9]+ 0 R/, "", text); gsub(/\/ModDate \([^)]*\)/, "", text); gsub(/ +/, " ", text)
    return text
  }
  NR == FNR { known[$1] = plain($2); next }
  $1 in known {
    if (known[$1] ~ /\/Type \/Metadata/ && $2 ~ /^ << +\/Length [0-9]+ +\/Type \/Metadata +\/Subtype \/XML +>>/) next
    if (plain($2) != known[$1]) { print "object " $1; exit 1 }
    next
  }
  { known[$1] = plain($2) }
  $2 ~ /^ << +\/Length [0-9]+ +>> +stream/ { next }
  $2 ~ /^ << +(\/(Certs|CRLs|OCSPs) \[[0-9 R]*\] *)+>>/ { next }
  $2 ~ /\/FT \/Sig .*\/T \(Stamp[0-9]+\)/ && $2 !~ /\/(AP|A|AA|MK) / { next }
  $2 ~ /\/Contents <[0-9a-fA-F]+> .*\/Type \/DocTimeStamp/ { next }
  { print "object " $1; exit 1 }' "$work/sealed" "$work/added" >"$work/odd" ||
  bad "nothing but stamps was added after the seal ($(cat "$work/odd"))"
good "nothing but stamps was added after the seal"

# --- the lists of what was taken back, as they were then -----------------------------------------
cp "$roots" "$work/believed"
revocation=
for object in $(grep -a '^/CRLs \[' "$work/tail" | tr -d '[]' | sed 's/^.CRLs//; s/ 0 R//g'); do
  place=$(grep -abx "$object 0 obj" "$work/tail" | head -n 1 | cut -d: -f1)
  [ -n "$place" ] || continue
  start=$(tail -c +$((place + 1)) "$work/tail" | grep -abox 'stream.\{0,1\}' | head -n 1 | cut -d: -f1)
  long=$(tail -c +$((place + 1)) "$work/tail" | grep -a -m 1 '^/Length' | tr -dc '0-9')
  tail -c +$((place + start + 8)) "$work/tail" | head -c "$long" |
    openssl crl -inform DER >>"$work/believed" 2>/dev/null && revocation=-crl_check
done

# --- the seal, and its own stamp -----------------------------------------------------------------
time_of() { openssl ts -reply -in "$1" -token_in -text 2>/dev/null | sed -n 's/^Time stamp: //p'; }
epoch() { date -u -d "$1" +%s; }
stamped() { # stamped TOKEN DATA EPOCH
  openssl ts -verify -token_in -in "$1" -data "$2" -CAfile "$roots" -attime "$3" >/dev/null 2>&1
}
openssl asn1parse -inform DER -in "$work/token1" >"$work/parsed" 2>/dev/null || bad "the seal can be read"
place=$(awk '/:id-smime-aa-timeStampToken/ { found = 1; next }
  found && /SEQUENCE/ { split($0, part, ":"); gsub(/ /, "", part[1]); print part[1]; exit }' "$work/parsed")
value=$(awk '/prim: +OCTET STRING/ { last = $0 } /d=5 .*cons: +cont \[ 1 \]/ { print last; exit }' "$work/parsed")
now=$(date -u +%s)
if [ -n "$place" ]; then
  openssl asn1parse -inform DER -in "$work/token1" -strparse "$place" -noout -out "$work/own" >/dev/null 2>&1
  from=$(echo "$value" | sed 's/^ *\([0-9]*\):.*/\1/')
  head_long=$(echo "$value" | sed 's/.*hl= *\([0-9]*\) .*/\1/')
  long=$(echo "$value" | sed 's/.* l= *\([0-9]*\) .*/\1/')
  tail -c +$((from + head_long + 1)) "$work/token1" | head -c "$long" >"$work/value"
  when=$(time_of "$work/own")
  [ -n "$when" ] || bad "the stamp inside the seal can be read"
  at=$(epoch "$when")
  stamped "$work/own" "$work/value" "$at" || bad "the stamp inside the seal holds"
  good "the seal was there at $when"
else
  at=$now
fi
openssl cms -verify -cades -binary -inform DER -in "$work/token1" -content "$work/covered1" \
  -CAfile "$work/believed" -purpose any -attime "$at" $revocation -signer "$work/signer" \
  -out /dev/null >/dev/null 2>&1 || bad "the seal holds"
good "the seal holds: $(openssl x509 -in "$work/signer" -noout -subject -nameopt utf8,sep_comma_plus_space)"
[ -n "$revocation" ] && good "its certificate had not been taken back" ||
  echo "  ?    whether its certificate had been taken back, only a program for signatures can tell"

# --- the stamps over everything ------------------------------------------------------------------
number=2
while [ "$number" -le "$count" ]; do
  when=$(time_of "$work/token$number")
  [ -n "$when" ] || bad "stamp $((number - 1)) can be read"
  until_=$now
  [ "$number" -lt "$count" ] && until_=$(epoch "$(time_of "$work/token$((number + 1))")")
  stamped "$work/token$number" "$work/covered$number" "$until_" || bad "stamp $((number - 1)) holds"
  good "stamp $((number - 1)) holds: $when"
  number=$((number + 1))
done
# Every byte of the last one: no library looks at what nobody has signed in it.
last=$work/token$count
openssl asn1parse -inform DER -in "$last" >"$work/parsed" 2>/dev/null || bad "the last one can be read"
if [ "$count" -gt 1 ] && grep -Eq 'd=(3|5) .*cons: +cont \[ 1 \]' "$work/parsed"; then bad "the last stamp carries nothing more"; fi
openssl pkcs7 -inform DER -in "$last" -print_certs 2>/dev/null >"$work/bag"
awk -v stem="$work/bag" '/BEGIN CERT/ { file = stem (++n); is_in = 1 } is_in { print > file } /END CERT/ { is_in = 0 }' "$work/bag"
one=1
while [ -e "$work/bag$one" ]; do
  openssl verify -CAfile "$roots" -untrusted "$work/bag" -purpose any -attime "$at" "$work/bag$one" >/dev/null 2>&1 ||
    bad "somebody issued every certificate in the last one"
  one=$((one + 1))
done
if [ "$count" -eq 1 ]; then
  [ -z "$place" ] || bad "the stamp over everything is still there"
  echo "  ?    it waits for its time stamp: nobody but the seal says when it was made"
fi

# --- what it says --------------------------------------------------------------------------------
place=$(grep -abo '/Type */EmbeddedFile' "$pdf" | head -n 1 | cut -d: -f1)
[ -n "$place" ] || bad "it carries its manifest"
start=$((place > 400 ? place - 400 : 0))
bytes "$start" 2000 | tr '\000\r\n' '   ' >"$work/around"
long=$(sed 's/.*\(obj *<<.*EmbeddedFile\)/\1/; s/endstream.*//; s/.*\/Length \([0-9]*\).*/\1/' "$work/around" | head -c 12)
offset=$(bytes "$place" 2000 | grep -abo 'stream' | head -n 1 | cut -d: -f1)
skip=$((place + offset + 6))
case $(bytes "$skip" 2 | od -An -tx1 | tr -d ' ') in 0d0a) skip=$((skip + 2)) ;; *) skip=$((skip + 1)) ;; esac
# zlib without its two first bytes is what gzip reads behind its own first ten; only its sum differs
{ printf '\037\213\010\000\000\000\000\000\000\003'; bytes $((skip + 2)) $((long - 2)); } |
  gzip -dc 2>/dev/null >"$work/manifest" || true
[ -s "$work/manifest" ] || bytes "$skip" "$long" >"$work/manifest"
grep -q '"format":"ventanilla-manifest/1"' "$work/manifest" || bad "its manifest can be read"
said=$(openssl dgst -sha256 -r "$work/manifest" | cut -d' ' -f1)
good "its manifest can be read: SHA-256 $said"
if [ -n "$manifest" ]; then
  [ "$(openssl dgst -sha256 -r "$manifest" | cut -d' ' -f1)" = "$said" ] || bad "$manifest is the one inside"
  good "$manifest is the one inside"
fi
echo "$recordings" | while IFS= read -r file; do
  [ -n "$file" ] || continue
  sum=$(openssl dgst -sha256 -r "$file" | cut -d' ' -f1)
  grep -q "\"sha256\":\"$sum\"" "$work/manifest" || { printf '  NO   %s is the one that it names\n' "$file"; exit 1; }
  good "$file is the one that it names"
done || { echo; echo "NOT AS IT WAS RECORDED"; exit 1; }
if [ -n "$ledger" ]; then
  code=$(sed 's/.*"meeting":{[^}]*"id":"\([^"]*\)".*/\1/' "$work/manifest" | head -c 40)
  expected=$(printf 'ventanilla meeting %s' "$code" | openssl dgst -sha256 -r | cut -d' ' -f1)
  line_number=0
  while IFS= read -r line; do
    line_number=$((line_number + 1))
    case $line in *"\"number\":$line_number,"*"\"previous\":\"$expected\""*) ;; *) bad "line $line_number of the ledger follows the one before it" ;; esac
    expected=$(printf '%s' "$line" | openssl dgst -sha256 -r | cut -d' ' -f1)
    [ "$expected" = "$(sed 's/.*"head":{[^}]*"sha256":"\([^"]*\)".*/\1/' "$work/manifest")" ] && seen=yes
  done <"$ledger"
  [ "${seen-}" = yes ] || bad "the ledger reaches the line that the manifest names"
  good "the ledger is whole, up to the line that the manifest names"
fi
echo
if [ "$count" -eq 1 ]; then echo "SEALED, BUT NOT STAMPED YET: ask the town hall for the newer file."; exit 2; fi
case $(sed 's/.*"is_for_development":\(true\|false\).*/\1/' "$work/manifest") in
  true) echo "AS IT WAS SEALED. A TRIAL: ITS SEAL IS NOT QUALIFIED AND PROVES NOTHING." ;;
  *) echo "AS IT WAS SEALED." ;;
esac
