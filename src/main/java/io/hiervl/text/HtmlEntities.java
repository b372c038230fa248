package io.hiervl.text;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Resolves numeric and the common named HTML entities; unknown ones stay as they are. */
final class HtmlEntities {
    private static final Pattern ENTITY = Pattern.compile("&(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,30});?");
    private static final Map<String, String> NAMES = new HashMap<>();
    /** Names of U+00A0 to U+00FF in order. */
    private static final String LATIN = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr "
            + "deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute "
            + "Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve "
            + "Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde "
            + "auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc "
            + "otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
    private static final String OTHERS = "hellip:2026 ndash:2013 mdash:2014 lsquo:2018 rsquo:2019 ldquo:201c rdquo:201d "
            + "sbquo:201a bdquo:201e bull:2022 euro:20ac trade:2122 apos:27 prime:2032 Prime:2033 larr:2190 uarr:2191 "
            + "rarr:2192 darr:2193 hearts:2665 infin:221e minus:2212 lsaquo:2039 rsaquo:203a dagger:2020 permil:2030 "
            + "ensp:2002 emsp:2003 thinsp:2009 zwnj:200c zwj:200d oelig:153 OElig:152 scaron:161 Scaron:160 fnof:192 "
            + "alpha:3b1 beta:3b2 gamma:3b3 delta:3b4 pi:3c0 sigma:3c3 omega:3c9 mu:3bc le:2264 ge:2265 ne:2260 "
            + "sum:2211 radic:221a lt:3c gt:3e amp:26 quot:22";
    /** Windows-1252 meanings of the numeric references 128 to 159, as HTML prescribes. */
    private static final String CP1252 = "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152"
            + "\u008d\u017d\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    static {
        String[] latin = LATIN.split(" ");
        for (int i = 0; i < latin.length; i++) {
            NAMES.put(latin[i], Character.toString(0xa0 + i));
        }
        for (String other : OTHERS.split(" ")) {
            int colon = other.indexOf(':');
            NAMES.put(other.substring(0, colon), Character.toString(Integer.parseInt(other.substring(colon + 1), 16)));
        }
    }

    private HtmlEntities() {
    }

    static String unescape(String s) {
        if (s.indexOf('&') < 0) {
            return s;
        }
        Matcher m = ENTITY.matcher(s);
        StringBuilder out = new StringBuilder(s.length());
        while (m.find()) {
            String body = m.group(1);
            String value = body.charAt(0) == '#' ? numeric(body) : named(body, m.group().endsWith(";"));
            m.appendReplacement(out, Matcher.quoteReplacement(value == null ? m.group() : value));
        }
        return m.appendTail(out).toString();
    }

    private static String named(String name, boolean closed) {
        String value = NAMES.get(name);
        if (value != null && (closed || isLegacy(name, value))) {
            return value;
        }
        // Without its semicolon an old name may be followed by letters: &ampfoo
        for (int n = name.length() - 1; n >= 2; n--) {
            String v = NAMES.get(name.substring(0, n));
            if (v != null && isLegacy(name.substring(0, n), v)) {
                return v + name.substring(n) + (closed ? ";" : "");
            }
        }
        return null;
    }

    private static boolean isLegacy(String name, String value) {
        return value.charAt(0) < 0x100 && !name.equals("apos");
    }

    private static String numeric(String body) {
        boolean hex = body.charAt(1) == 'x' || body.charAt(1) == 'X';
        long c = hex ? Long.parseLong(body.substring(2), 16) : Long.parseLong(body.substring(1));
        if (c >= 128 && c < 160) {
            return CP1252.substring((int) c - 128, (int) c - 127);
        }
        if (c == 0 || c >= 0xd800 && c < 0xe000 || c > 0x10ffff) {
            return "\ufffd";
        }
        return c < 32 && c != 9 && c != 10 && c != 12 && c != 13 || c == 127 ? "" : Character.toString((int) c);
    }
}
