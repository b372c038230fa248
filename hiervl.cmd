@echo off
rem Starts hiervl on Windows; builds it first when there is no jar. After a change of the sources: mvn -DskipTests package.
rem HIERVL_JAVA_OPTS: more JVM options, for example -Xmx8g. JAVA_HOME: which Java. HIERVL_KERNELS=auto, onednn or java: who
rem computes. HIERVL_CLASSIFIER: another build of ND4J, for example windows-x86_64 on a CPU without AVX2 (delete target first).
setlocal
set "HIERVL_HOME=%~dp0."
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
if not defined HIERVL_CLASSIFIER set "HIERVL_CLASSIFIER=windows-x86_64-onednn-avx2"
if not defined HIERVL_KERNELS set "HIERVL_KERNELS=auto"

"%JAVA%" -version >nul 2>&1
if errorlevel 1 (
  echo hiervl: no Java found: install a JDK 17 or newer, or set JAVA_HOME 1>&2
  exit /b 6
)

set "JAR="
for %%J in ("%HIERVL_HOME%\target\hiervl-*.jar") do set "JAR=%%~fJ"
if defined JAR if exist "%HIERVL_HOME%\target\lib" goto run
where mvn >nul 2>&1
if errorlevel 1 (
  echo hiervl: Maven is needed to build on first use: install Maven 3.8 or newer 1>&2
  exit /b 6
)
echo hiervl: building, the first time Maven fetches several hundred megabytes of libraries 1>&2
pushd "%HIERVL_HOME%"
rem Batch files cannot ask whether there is a terminal: no colours, no transfer progress. Neither the formatter's check nor
rem Error Prone: a start needs the program, not their libraries.
set "MAVEN_OPTS=%MAVEN_OPTS% -Djansi.noreset=true"
call mvn -q -B --no-transfer-progress -Dstyle.color=never -DskipTests -Dmaven.test.skip -Dhiervl.unchecked "-Dnd4j.classifier=%HIERVL_CLASSIFIER%" package 1>&2
if errorlevel 1 (
  popd
  echo hiervl: the build failed 1>&2
  exit /b 6
)
popd
for %%J in ("%HIERVL_HOME%\target\hiervl-*.jar") do set "JAR=%%~fJ"

:run
rem A quarter of the memory for the heap (512 MiB to 4 GiB), 60 percent for the arrays outside it.
set "MEM=8192"
for /f "usebackq" %%M in (`powershell -NoProfile -Command "[int64]((Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory / 1MB)" 2^>nul`) do set "MEM=%%M"
set /a HEAP=MEM / 4
if %HEAP% gtr 4096 set "HEAP=4096"
if %HEAP% lss 512 set "HEAP=512"
rem Young objects: left alone, their part grows to a third of the heap, filled with garbage before it is collected.
set /a YOUNG=HEAP / 4
if %YOUNG% gtr 96 set "YOUNG=96"
set /a ARRAYS=MEM / 10 * 6
rem Two OpenMP runtimes (ND4J's and oneDNN's) that spin while they wait take the cores from each other.
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=PASSIVE"
if not defined OMP_NUM_THREADS set "OMP_NUM_THREADS=%NUMBER_OF_PROCESSORS%"
"%JAVA%" -Xshare:auto -Xlog:disable -Xlog:all=error:stderr -XX:+UseParallelGC "-Xmx%HEAP%m" "-XX:MaxNewSize=%YOUNG%m" "-Dorg.bytedeco.javacpp.maxbytes=%ARRAYS%m" ^
  -Dorg.bytedeco.javacpp.maxphysicalbytes=0 -Djava.awt.headless=true -Dfile.encoding=UTF-8 "-Dhiervl.home=%HIERVL_HOME%" ^
  "-Dhiervl.classifier=%HIERVL_CLASSIFIER%" "-Dhiervl.kernels=%HIERVL_KERNELS%" %HIERVL_JAVA_OPTS% ^
  -cp "%JAR%;%HIERVL_HOME%\target\lib\*" io.hiervl.cli.Main %*
exit /b %ERRORLEVEL%
