package io.hiervl.serve;

import io.hiervl.serve.http.Refusal;
import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashSet;
import java.util.Set;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * What a labelling setup of Label Studio asks for.
 *
 * @param brush  brush regions; otherwise polygons
 * @param from   name of the tag with the labels
 * @param to     name of the tag with the picture
 * @param data   key of the picture's address in a task
 * @param labels names of the labels
 */
record LabelSetup(boolean brush, String from, String to, String data, Set<String> labels) {
    private static final int LONGEST = 1 << 20;

    /** Reads a setup; brush labels are taken before polygons. */
    static LabelSetup parse(String xml) {
        if (xml.length() > LONGEST) {
            throw new Refusal(400, "the labelling setup is longer than " + LONGEST + " characters");
        }
        Element root = root(xml);
        for (String tag : new String[] {"BrushLabels", "PolygonLabels"}) {
            NodeList found = root.getElementsByTagName(tag);
            if (found.getLength() > 0) {
                Element control = (Element) found.item(0);
                String to = control.getAttribute("toName");
                return new LabelSetup(tag.startsWith("Brush"), control.getAttribute("name"), to, key(root, to), labels(control));
            }
        }
        throw new Refusal(400, "the labelling setup has neither BrushLabels nor PolygonLabels");
    }

    /** Documents with a declaration of types are refused: those can name files and other hosts. */
    private static Element root(String xml) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setExpandEntityReferences(false);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(new InputSource(new StringReader(xml))).getDocumentElement();
        } catch (SAXException | IOException e) {
            throw new Refusal(400, "the labelling setup is not XML as Label Studio writes it");
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String key(Element root, String name) {
        NodeList images = root.getElementsByTagName("Image");
        for (int i = 0; i < images.getLength(); i++) {
            Element image = (Element) images.item(i);
            if (image.getAttribute("name").equals(name) && image.getAttribute("value").startsWith("$")) {
                return image.getAttribute("value").substring(1);
            }
        }
        throw new Refusal(400, "the labelling setup has no Image of the name '" + name + "' with a value like $image");
    }

    private static Set<String> labels(Element control) {
        Set<String> names = new LinkedHashSet<>();
        NodeList labels = control.getElementsByTagName("Label");
        for (int i = 0; i < labels.getLength(); i++) {
            names.add(((Element) labels.item(i)).getAttribute("value"));
        }
        return names;
    }
}
