package io.hiervl.data.importing;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.image.PhotoTypes;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** CVAT for images 1.1: {@code annotations.xml} with an {@code image} for each photo. */
final class CvatXmlForm implements ExportForm {
    private record Shape(Imported.Mark mark, double order) {
    }

    @Override
    public String name() {
        return "cvat";
    }

    @Override
    public boolean recognises(List<Path> files) {
        return xml(files).stream().anyMatch(CvatXmlForm::isCvat);
    }

    private static List<Path> xml(List<Path> files) {
        return files.stream().filter(f -> PhotoTypes.extension(f).equals("xml")).toList();
    }

    private static boolean isCvat(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            XMLStreamReader xml = parser(in);
            while (xml.next() != XMLStreamReader.START_ELEMENT) {
                // comments and blanks before the root
            }
            if (!xml.getLocalName().equals("annotations")) {
                return false;
            }
            while (xml.hasNext()) {
                if (xml.next() == XMLStreamReader.START_ELEMENT) {
                    return Set.of("version", "meta", "image").contains(xml.getLocalName());
                }
            }
            return false;
        } catch (IOException | XMLStreamException e) {
            return false;
        }
    }

    /** A file from elsewhere must not make the parser read other files or addresses. */
    private static XMLStreamReader parser(InputStream in) throws XMLStreamException {
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        return factory.createXMLStreamReader(in);
    }

    @Override
    public Imported read(List<Path> files, PhotoFinder photos, Dropped dropped) {
        Set<String> labels = new LinkedHashSet<>();
        List<Imported.Labelled> out = new ArrayList<>();
        for (Path file : xml(files).stream().filter(CvatXmlForm::isCvat).toList()) {
            try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
                XMLStreamReader xml = parser(in);
                boolean inLabel = false;
                while (xml.hasNext()) {
                    int event = xml.next();
                    if (event == XMLStreamReader.END_ELEMENT && xml.getLocalName().equals("label")) {
                        inLabel = false;
                    }
                    if (event != XMLStreamReader.START_ELEMENT) {
                        continue;
                    }
                    switch (xml.getLocalName()) {
                        case "label" -> inLabel = true;
                        case "name" -> {
                            if (inLabel) {
                                labels.add(xml.getElementText());
                                inLabel = false;
                            }
                        }
                        case "track" -> throw HierVlException.data(file + " is an export of CVAT for video; export 'CVAT for images 1.1'");
                        case "image" -> image(file, xml, photos, dropped, out);
                        default -> {
                        }
                    }
                }
            } catch (XMLStreamException e) {
                throw HierVlException.data(file + (e.getLocation() == null ? "" : ":" + e.getLocation().getLineNumber())
                    + ": not valid XML: "
                    + e.getMessage().replaceAll("\\s+", " "), e);
            } catch (IOException e) {
                throw HierVlException.data(file + " cannot be read: " + AtomicFile.reason(e), e);
            }
        }
        return new Imported(List.copyOf(labels), out);
    }

    private static void image(Path file, XMLStreamReader xml, PhotoFinder photos, Dropped dropped,
                              List<Imported.Labelled> out)
        throws XMLStreamException {
        String name = text(xml, "name");
        int width = side(xml, "width");
        int height = side(xml, "height");
        Path photo = photos.find(name);
        List<Shape> shapes = new ArrayList<>();
        while (xml.next() != XMLStreamReader.END_ELEMENT || !xml.getLocalName().equals("image")) {
            if (xml.getEventType() != XMLStreamReader.START_ELEMENT || xml.getLocalName().equals("attribute")) {
                continue;
            }
            String type = xml.getLocalName();
            try {
                String order = text(xml, "z_order");
                shapes.add(new Shape(new Imported.Mark(text(xml, "label"), area(type, xml)), order.isEmpty() ? 0
                    : Double.parseDouble(order.strip())));
            } catch (IllegalArgumentException e) {
                dropped.add(e instanceof NumberFormatException ? "shapes with damaged numbers" : e.getMessage(), file + ", image " + name
                    + ", " + type);
            }
        }
        if (photo == null) {
            dropped.add("images whose photo is missing", file + ", " + (name.isBlank() ? "an image has no name" : name));
            return;
        }
        shapes.sort(Comparator.comparingDouble(Shape::order));
        int[] size = width > 0 && height > 0 ? new int[] {width, height} : PhotoFinder.size(photo);
        out.add(new Imported.Labelled(photo, size[0], size[1], shapes.stream().map(Shape::mark).toList()));
    }

    private static Area area(String type, XMLStreamReader xml) {
        double turn = text(xml, "rotation").isEmpty() ? 0 : number(xml, "rotation");
        return switch (type) {
            case "polygon" -> Shapes.polygon(points(text(xml, "points")));
            case "box" -> Shapes.rectangle(number(xml, "xtl"), number(xml, "ytl"), number(xml, "xbr"), number(xml, "ybr"), turn);
            case "ellipse" -> Shapes.ellipse(number(xml, "cx"), number(xml, "cy"), number(xml, "rx"), number(xml, "ry"), turn);
            case "mask" -> mask(text(xml, "rle"), (int) number(xml, "left"), (int) number(xml, "top"), (int) number(xml, "width"),
                (int) number(xml, "height"));
            default -> throw new IllegalArgumentException("shapes without area (" + type + ")");
        };
    }

    /** Run lengths of a mask's own rectangle, row by row, the first of them outside. */
    private static Area mask(String runs, int left, int top, int width, int height) {
        if (width < 1 || height < 1 || (long) width * height > 1 << 28) {
            throw new IllegalArgumentException("masks without size");
        }
        byte[] bits = new byte[width * height];
        int at = 0;
        boolean inside = false;
        for (String run : runs.split(",")) {
            int end = at + Integer.parseInt(run.strip());
            if (end > bits.length || end < at) {
                throw new IllegalArgumentException("masks whose run lengths do not fit their size");
            }
            if (inside) {
                java.util.Arrays.fill(bits, at, end, (byte) 1);
            }
            at = end;
            inside = !inside;
        }
        return Shapes.bits(bits, width, height, left, top);
    }

    /** A side of the image in pixels, 0 where the file has none that makes sense. */
    private static int side(XMLStreamReader xml, String attribute) {
        try {
            return (int) number(xml, attribute);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static double[] points(String text) {
        // A program that writes decimal commas gives four numbers for a corner.
        String[] corners = text.strip().split(";");
        double[] xy = new double[2 * corners.length];
        for (int i = 0; i < corners.length; i++) {
            String[] corner = corners[i].split(",", -1);
            if (corner.length != 2) {
                throw new NumberFormatException(corners[i]);
            }
            xy[2 * i] = Double.parseDouble(corner[0]);
            xy[2 * i + 1] = Double.parseDouble(corner[1]);
        }
        return xy;
    }

    private static String text(XMLStreamReader xml, String attribute) {
        String value = xml.getAttributeValue(null, attribute);
        return value == null ? "" : value;
    }

    private static double number(XMLStreamReader xml, String attribute) {
        return Double.parseDouble(text(xml, attribute));
    }
}
