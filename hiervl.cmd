@echo off
rem Starts hiervl on Windows; builds it first when there is no jar.
setlocal
set "HIERVL_HOME=%~dp0."
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
if not exist "%HIERVL_HOME%\target\lib" (
  echo hiervl: building, the first time Maven fetches several hundred megabytes of libraries 1>&2
  pushd "%HIERVL_HOME%"
  call mvn -q -B -DskipTests package 1>&2 || (popd & exit /b 6)
  popd
)
set "OMP_WAIT_POLICY=PASSIVE"
for %%J in ("%HIERVL_HOME%\target\hiervl-*.jar") do set "JAR=%%~fJ"
"%JAVA%" -XX:+UseParallelGC -XX:MaxRAMPercentage=25 -Dorg.bytedeco.javacpp.maxphysicalbytes=0 -Djava.awt.headless=true ^
  -Dfile.encoding=UTF-8 "-Dhiervl.home=%HIERVL_HOME%" -Dhiervl.classifier=windows-x86_64-onednn-avx2 %HIERVL_JAVA_OPTS% ^
  -cp "%JAR%;%HIERVL_HOME%\target\lib\*" io.hiervl.cli.Main %*
exit /b %ERRORLEVEL%
