package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code hiervl} in a checkout whose Maven and Java are stand-ins: when it builds, what it runs and what it removes. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    @TempDir
    Path home;
    private Path source;

    @BeforeEach
    void checkout() throws IOException {
        Files.copy(Path.of("hiervl"), home.resolve("hiervl"));
        Files.writeString(home.resolve("pom.xml"), "<project/>");
        source = Files.createDirectories(home.resolve("src/main/java")).resolve("A.java");
        Files.writeString(source, "class A {}");
        Files.createDirectories(home.resolve("src/backend-cpu"));
        script("mvn", """
            echo build >>builds.txt
            sleep "${BUILD_SECONDS:-0}"
            for a in "$@"; do case $a in -Dhiervl.lib=*) mkdir -p "${a#*=}"; echo lib >"${a#*=}/a.jar" ;; esac; done
            mkdir -p target; echo "build $(wc -l <builds.txt)" >target/hiervl-9.jar
            """);
        // Says which jar it runs; RUN_SECONDS: keeps running.
        script("jdk/bin/java", """
            case $* in *-version*) echo 'openjdk version "17.0.1"' >&2; exit ;; esac
            echo "$@" >"$(dirname "$0")/arguments"
            while [ "$1" != -cp ]; do shift; done
            jar=${2%%:*}
            echo "$jar"
            sleep "${RUN_SECONDS:-0}"
            cat "$jar" "$(dirname "$jar")/lib/a.jar"
            """);
    }

    private void script(String name, String body) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + body);
        assertTrue(file.toFile().setExecutable(true));
    }

    private Process start(String... environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(home.resolve("hiervl").toString(), "doctor").redirectErrorStream(true);
        assertTrue(home.resolve("hiervl").toFile().setExecutable(true));
        builder.environment().putAll(java.util.Map.of("MVN", home.resolve("mvn").toString(), "JAVA_HOME", home.resolve("jdk").toString()));
        builder.environment().remove("HIERVL_NO_BUILD");
        for (String setting : environment) {
            builder.environment().put(setting.split("=")[0], setting.split("=")[1]);
        }
        return builder.start();
    }

    private static List<String> finish(Process process) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), out);
        return out.lines().filter(l -> !l.startsWith("hiervl: ")).toList();
    }

    /** Path of the jar that ran, and what stood in it when it ended. */
    private List<String> run(String... environment) throws Exception {
        List<String> lines = finish(start(environment));
        assertEquals(3, lines.size(), lines.toString());
        assertEquals("lib", lines.get(2));
        return lines;
    }

    private int builds() throws IOException {
        return Files.readAllLines(home.resolve("builds.txt")).size();
    }

    private void edit() throws Exception {
        Thread.sleep(1100); // file systems with whole seconds
        Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis()));
        Thread.sleep(1100);
    }

    /** Files of a build in progress come and go, so that no tree is walked. */
    private long jars() {
        long jars = 0;
        File[] folders = home.resolve("target/app").toFile().listFiles();
        for (File folder : folders == null ? new File[0] : folders) {
            String[] names = folder.list((in, name) -> name.startsWith("hiervl-") && name.endsWith(".jar"));
            jars += names == null ? 0 : names.length;
        }
        return jars;
    }

    @Test
    void itBuildsOnceAndAgainWhenASourceIsNewer() throws Exception {
        List<String> first = run();
        assertEquals("build 1", first.get(1));
        assertEquals(first, run());
        assertEquals(1, builds());
        edit();
        assertEquals("build 2", run().get(1));
        edit();
        Files.writeString(home.resolve("pom.xml"), "<project>changed</project>");
        List<String> third = run();
        assertEquals("build 3", third.get(1));
        assertNotEquals(Path.of(first.get(0)).getParent(), Path.of(third.get(0)).getParent(), "other libraries lie in another folder");
        edit();
        assertEquals(third, run("HIERVL_NO_BUILD=1"));
    }

    /** Java refuses to begin with more memory than the user allows it. */
    @Test
    void aHeapOfTheUsersOwnReplacesAllSizes() throws Exception {
        Path arguments = home.resolve("jdk/bin/arguments");
        run();
        assertTrue(Files.readString(arguments).contains("-Xms128m"), Files.readString(arguments));
        run("HIERVL_JAVA_OPTS=-Xmx64m");
        String given = Files.readString(arguments);
        assertTrue(given.contains(" -Xmx64m ") && given.indexOf("-Xm") == given.lastIndexOf("-Xm") && !given.contains("MaxNewSize"), given);
    }

    @Test
    void aRunningProcessKeepsItsJarAndLibraries() throws Exception {
        Process long1 = start("RUN_SECONDS=12");
        while (!Files.exists(home.resolve("target/app/use")) || jars() == 0) {
            Thread.sleep(50);
        }
        for (int i = 2; i <= 4; i++) {
            edit();
            if (i == 3) {
                Files.writeString(home.resolve("pom.xml"), "<project>changed</project>");
            }
            assertEquals("build " + i, run().get(1));
        }
        assertTrue(long1.isAlive(), "the builds took place while it ran");
        assertEquals(3, jars(), "the one in use and the two newest");
        List<String> lines = finish(long1);
        assertEquals("build 1", lines.get(1));
        assertEquals("lib", lines.get(2));
        edit();
        run();
        assertEquals(2, jars(), "nobody uses the first any more");
        assertFalse(Files.exists(Path.of(lines.get(0)).getParent()), "nor its libraries");
    }

    @Test
    void twoStartsBuildOnce() throws Exception {
        List<Process> both = new ArrayList<>(List.of(start("BUILD_SECONDS=2"), start("BUILD_SECONDS=2")));
        List<String> a = finish(both.get(0));
        assertEquals(a, finish(both.get(1)));
        assertEquals(1, builds());
    }

    @Test
    void theLockOfADeadProcessIsTaken() throws Exception {
        Process dead = new ProcessBuilder("true").start();
        dead.waitFor();
        Path lock = Files.createDirectories(home.resolve("target/app/lock"));
        Files.writeString(lock.resolve("pid"), dead.pid() + "\n");
        assertEquals("build 1", run().get(1));
        assertFalse(Files.exists(lock));
    }

    /** A start that was killed between making the lock and writing its number. */
    @Test
    void aLockWithoutANumberIsTakenAfterSomeSeconds() throws Exception {
        Path lock = Files.createDirectories(home.resolve("target/app/lock"));
        Files.setLastModifiedTime(lock, FileTime.fromMillis(System.currentTimeMillis() - 60_000));
        assertEquals("build 1", run().get(1));
        assertFalse(Files.exists(lock));
        Files.createDirectories(lock);
        Files.writeString(lock.resolve("pid"), "12x4\n");
        Files.setLastModifiedTime(lock, FileTime.fromMillis(System.currentTimeMillis() - 60_000));
        edit();
        assertEquals("build 2", run().get(1));
    }

    @Test
    void aYoungLockWithoutANumberIsWaitedFor() throws Exception {
        Path lock = Files.createDirectories(home.resolve("target/app/lock"));
        Process process = start();
        assertFalse(process.waitFor(3, TimeUnit.SECONDS), "its maker may be about to write its number");
        Files.delete(lock);
        assertEquals("build 1", finish(process).get(1));
    }

    /** After a restart of the machine the number belongs to somebody else, here to this test. */
    @Test
    void aNumberThatWasGivenToAnotherProcessHoldsNothing() throws Exception {
        Path lock = Files.createDirectories(home.resolve("target/app/lock"));
        Files.writeString(lock.resolve("began"), "Thu Jan  1 00:00:00 1998\n");
        Files.writeString(lock.resolve("pid"), ProcessHandle.current().pid() + "\n");
        assertEquals("build 1", run().get(1));
    }

    @Test
    void theLockOfALivingProcessIsWaitedFor() throws Exception {
        Process holder = new ProcessBuilder("sleep", "60").start();
        Process began = new ProcessBuilder("ps", "-o", "lstart=", "-p", Long.toString(holder.pid())).start();
        Path lock = Files.createDirectories(home.resolve("target/app/lock"));
        Files.write(lock.resolve("began"), began.getInputStream().readAllBytes());
        Files.writeString(lock.resolve("pid"), holder.pid() + "\n");
        Process process = start();
        assertFalse(process.waitFor(3, TimeUnit.SECONDS), "the holder lives");
        holder.destroyForcibly().waitFor();
        assertEquals("build 1", finish(process).get(1));
    }

    @Test
    void aSourceDatedInTheFutureBuildsOnce() throws Exception {
        Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() + 86_400_000L));
        assertEquals("build 1", run().get(1));
        assertEquals("build 1", run().get(1));
        assertEquals(1, builds());
    }

    @Test
    void aLineBreakInTheInstallationsPathIsRefusedAndRemovesNothing() throws Exception {
        Path odd = Files.createDirectories(home.resolve("a\nb"));
        Path victim = Files.writeString(home.resolve("b"), "keep");
        Files.copy(home.resolve("hiervl"), odd.resolve("hiervl"));
        assertTrue(odd.resolve("hiervl").toFile().setExecutable(true));
        Process process = new ProcessBuilder(odd.resolve("hiervl").toString(), "doctor").redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(6, process.waitFor(), out);
        assertTrue(out.contains("contains a line break"), out);
        assertEquals("keep", Files.readString(victim));
    }

    @Test
    void aFailedBuildIsAnEnvironmentErrorAndLeavesNoLock() throws Exception {
        script("mvn", "echo build >>builds.txt\nexit 1\n");
        Process process = start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(6, process.waitFor());
        assertTrue(out.contains("the build failed"), out);
        assertFalse(Files.exists(home.resolve("target/app/lock")));
    }

    /** A bare container: no locale, no home. */
    @Test
    void javaGetsALocaleWithAllLettersAndAHomeThatCanBeWritten() throws Exception {
        script("jdk/bin/java", """
            case $* in *-version*) echo 'openjdk version "17.0.1"' >&2; exit ;; esac
            echo "locale $LC_ALL"
            for a in "$@"; do case $a in -Duser.home=*) echo "$a" ;; esac; done
            """);
        Path own = Files.createDirectories(home.resolve("own home"));
        assertTrue(bare("HOME=" + own).contains("-Duser.home=" + own), bare("HOME=" + own));
        String without = bare("TMPDIR=" + home);
        assertTrue(without.contains("-Duser.home=" + home + "/hiervl-"), without);
        assertTrue(without.toLowerCase(java.util.Locale.ROOT).replace("-", "").contains("locale c.utf8")
            || without.toLowerCase(java.util.Locale.ROOT).contains("utf"), without);
    }

    private String bare(String variable) throws Exception {
        Process process = new ProcessBuilder("env", "-i", "LC_ALL=C", "PATH=" + System.getenv("PATH"), "JAVA_HOME=" + home.resolve("jdk"),
            "MVN=" + home.resolve("mvn"), variable,
            home.resolve("hiervl").toString()).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return text;
    }
}
