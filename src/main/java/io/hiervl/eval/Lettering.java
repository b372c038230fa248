package io.hiervl.eval;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes text into pictures. On systems without any font the text is left out with one warning, pictures still appear. */
public final class Lettering {
    private static final Logger LOG = LoggerFactory.getLogger(Lettering.class);
    private static volatile boolean fonts = true;

    private final Graphics2D graphics;
    private final int size;

    /** @param size height of the letters in pixels */
    public Lettering(Graphics2D graphics, int size) {
        this.graphics = graphics;
        this.size = size;
        guarded(() -> graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON));
    }

    /** Width of a text in pixels; 0 where there are no fonts. */
    public int width(String text) {
        int[] width = {0};
        guarded(() -> width[0] = graphics.getFontMetrics(font()).stringWidth(text));
        return width[0];
    }

    /** Writes text with its base line at y. */
    public void write(String text, int x, int y, Color colour) {
        guarded(() -> {
            graphics.setColor(colour);
            graphics.setFont(font());
            graphics.drawString(text, x, y);
        });
    }

    private Font font() {
        return new Font(Font.SANS_SERIF, Font.PLAIN, size);
    }

    // Without fontconfig or fonts the JDK fails with errors of several types, not with one exception.
    private static void guarded(Runnable drawing) {
        if (!fonts) {
            return;
        }
        try {
            drawing.run();
        } catch (RuntimeException | LinkageError | InternalError e) {
            fonts = false;
            LOG.warn("pictures have no text because this system has no usable fonts: {}", e.toString());
        }
    }
}
