package io.hiervl.report;

import io.hiervl.AtomicFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * One HTML page in one file: pictures are embedded, nothing is loaded from elsewhere, all text is escaped. Parts appear in
 * the order in which they were added.
 */
public final class HtmlReport {
    private static final String STYLE = """
        :root { color-scheme: light dark; --line: #8883; --soft: #8881; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2.5rem auto; padding: 0 1.25rem; }
        h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .35rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; } th { background: var(--soft); font-weight: 600; }
        .pictures { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; max-width: 100%; }
        figure img { max-width: 100%; border: 1px solid var(--line); border-radius: 4px; background: #fff; }
        .pixels img { image-rendering: pixelated; } figcaption { font-size: .85rem; opacity: .75; }
        pre { background: var(--soft); padding: 1rem; overflow-x: auto; font-size: .85rem; border-radius: 4px; }
        """;

    private final StringBuilder body = new StringBuilder();
    private final String title;

    public HtmlReport(String title) {
        this.title = title;
        body.append("<h1>").append(escape(title)).append("</h1>\n");
    }

    /** A picture with a line of text under it. */
    public record Picture(String caption, BufferedImage image) {
    }

    public HtmlReport heading(String text) {
        body.append("<h2>").append(escape(text)).append("</h2>\n");
        return this;
    }

    public HtmlReport paragraph(String text) {
        body.append("<p>").append(escape(text)).append("</p>\n");
        return this;
    }

    /** Text in its own line breaks, such as a configuration. */
    public HtmlReport preformatted(String text) {
        body.append("<pre>").append(escape(text)).append("</pre>\n");
        return this;
    }

    /** A table; rows as long as the header. */
    public HtmlReport table(List<String> header, List<List<String>> rows) {
        body.append("<div class=\"scroll\"><table>\n<thead>");
        row("th", header);
        body.append("</thead>\n<tbody>\n");
        rows.forEach(cells -> row("td", cells));
        body.append("</tbody></table></div>\n");
        return this;
    }

    /** Pictures side by side; {@code enlarged} shows small pictures at several times their size with sharp pixels. */
    public HtmlReport pictures(List<Picture> pictures, boolean enlarged) {
        body.append(enlarged ? "<div class=\"pictures pixels\">\n" : "<div class=\"pictures\">\n");
        for (Picture picture : pictures) {
            BufferedImage image = picture.image();
            int width = enlarged ? image.getWidth() * Math.max(1, 640 / Math.max(image.getWidth(), 1)) : image.getWidth();
            body.append("<figure><img width=\"").append(width).append("\" alt=\"").append(escape(picture.caption()))
                .append("\" src=\"data:image/png;base64,").append(png(image)).append("\"><figcaption>")
                .append(escape(picture.caption())).append("</figcaption></figure>\n");
        }
        body.append("</div>\n");
        return this;
    }

    /** Writes the page. */
    public void write(Path file) {
        String page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + "content=\"width=device-width\">\n<title>"
            + escape(title) + "</title>\n<style>\n" + STYLE + "</style></head>\n<body>\n" + body + "</body></html>\n";
        AtomicFile.write(file, page);
    }

    private void row(String cell, List<String> texts) {
        body.append("<tr>");
        texts.forEach(text -> body.append('<').append(cell).append('>').append(escape(text)).append("</").append(cell).append('>'));
        body.append("</tr>\n");
    }

    private static String png(BufferedImage image) {
        try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
            ImageIO.write(image, "png", out);
            return Base64.getEncoder().encodeToString(out.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
