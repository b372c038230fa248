package io.hiervl.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hiervl.data.Dataset;
import io.hiervl.image.LabelMap;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The page in headless Chromium; skipped where Debian's chromium and chromium-driver are not installed. */
class PageTest {
    @TempDir
    static Path dir;
    private static Service service;
    private static ChromeDriver browser;

    @BeforeAll
    static void open() throws Exception {
        Path chromium = Path.of("/usr/bin/chromium");
        Path driver = Path.of("/usr/bin/chromedriver");
        assumeTrue(Files.exists(chromium) && Files.exists(driver), "no Chromium here");
        Path data = Files.createDirectories(dir.resolve("data"));
        Files.writeString(data.resolve("dataset.yaml"), "name: mine\nclasses: [background, red thing]\n");
        service = new Service(Service.options(2, 8, Duration.ofSeconds(60), null), data, new TaskImages(null, null, 1 << 20));
        Files.write(dir.resolve("a.png"), Service.png(Service.square(20)));
        Files.write(dir.resolve("b.png"), Service.png(Service.square(10)));
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.toString());
        options.addArguments("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900");
        browser = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(driver.toFile()).build(), options);
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.quit();
        }
        if (service != null) {
            service.close();
        }
    }

    private static WebElement id(String id) {
        return browser.findElement(By.id(id));
    }

    private static void until(String id, String text) {
        new WebDriverWait(browser, Duration.ofSeconds(30)).withMessage(() -> "#" + id + " is '" + id(id).getText() + "'")
            .until(b -> id(id).getText().contains(text));
    }

    /** Colour of a canvas' pixel, "r,g,b". */
    private static String pixel(String pane, int x, int y) {
        return String.valueOf(browser.executeScript("return Array.from(document.querySelector('#" + pane
            + " canvas').getContext('2d').getImageData(arguments[0], arguments[1], 1, 1).data.slice(0, 3)).join()", x, y));
    }

    private static void slide(String id, int value) {
        browser.executeScript("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", id(id), value);
    }

    /** Moves the pointer to a pixel of the first picture. */
    private static Actions to(int x, int y) {
        WebElement canvas = id("pane-1").findElement(By.tagName("canvas"));
        double scale = Math.min(canvas.getSize().width / 50.0, canvas.getSize().height / 40.0);
        return new Actions(browser).moveToElement(canvas, (int) Math.round((x + 0.5 - 25) * scale),
            (int) Math.round((y + 0.5 - 20) * scale));
    }

    @Test
    void theWholeWayOfAPhoto() throws Exception {
        browser.get("http://localhost:" + service.service.port() + "/");
        until("status", "Drop a photo");
        id("files").sendKeys(dir.resolve("a.png") + "\n" + dir.resolve("b.png"));
        until("status", "a.png");
        until("legend", "20.0 %");
        assertTrue(id("legend").getText().contains("red thing") && id("legend").getText().contains("75 %"), id("legend").getText());
        assertEquals(2, id("photos").findElements(By.tagName("button")).size());

        slide("opacity", 100);
        assertEquals("128,0,0", pixel("pane-1", 5, 5));
        slide("opacity", 0);
        assertEquals("255,0,0", pixel("pane-1", 5, 5));
        slide("opacity", 100);
        browser.findElement(By.cssSelector("input[data-k='1']")).click();
        assertEquals("255,0,0", pixel("pane-1", 5, 5), "a class that is switched off shows the photo");
        browser.findElement(By.cssSelector("input[data-k='1']")).click();

        to(5, 5).perform();
        until("hover", "5, 5: red thing, confidence 75 %");
        to(45, 35).perform();
        until("hover", "45, 35: background");

        new Select(id("other")).selectByVisibleText("nothing");
        until("agreement", "80.0 %");
        assertTrue(id("pane-2").isDisplayed());
        assertEquals("0,0,0", pixel("pane-2", 5, 5));
        Files.write(Path.of("target", "page-compare.png"), browser.getScreenshotAs(OutputType.BYTES));
        new Select(id("other")).selectByVisibleText("nothing"); // stays
        new Select(id("other")).selectByIndex(0);
        until("status", "a.png");
        assertFalse(id("pane-2").isDisplayed());

        correctAndSave();
    }

    private static void correctAndSave() throws Exception {
        id("brush").click();
        new Select(id("paint")).selectByVisibleText("red thing");
        slide("size", 8);
        to(40, 30).clickAndHold().perform();
        to(44, 30).release().perform();
        assertEquals("128,0,0", pixel("pane-1", 42, 30));
        id("undo").click();
        assertEquals("0,0,0", pixel("pane-1", 42, 30));
        new Select(id("paint")).selectByVisibleText("no label");
        to(5, 5).click().perform();
        id("save").click();
        until("saved", "labeled.txt has 1 pairs");
        Files.write(Path.of("target", "page-corrected.png"), browser.getScreenshotAs(OutputType.BYTES));
        Dataset data = Dataset.open(dir.resolve("data"));
        LabelMap map = data.load(data.list("labeled").samples().get(0), true).labels();
        assertEquals(LabelMap.IGNORE, map.at(5, 5));
        assertEquals(1, map.at(15, 15));
        assertEquals(List.of(), browser.manage().logs().get("browser").getAll().stream()
            .filter(e -> e.getLevel().intValue() >= java.util.logging.Level.SEVERE.intValue()).map(Object::toString).toList());
    }
}
