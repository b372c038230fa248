@echo off
rem Starts hiervl with the Java that is beside it. HIERVL_JAVA_OPTS: more JVM options, for example -Xmx8g.
setlocal
set "HOME_OF_HIERVL=%~dp0.."
if not defined HIERVL_KERNELS set "HIERVL_KERNELS=auto"
set "MEM=8192"
for /f "usebackq" %%M in (`powershell -NoProfile -Command "[int64]((Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory / 1MB)" 2^>nul`) do set "MEM=%%M"
set /a HEAP=MEM / 4
if %HEAP% gtr 4096 set "HEAP=4096"
if %HEAP% lss 512 set "HEAP=512"
set /a ARRAYS=MEM / 10 * 6
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=PASSIVE"
"%HOME_OF_HIERVL%\jre\bin\java" -Xshare:auto -Xlog:disable -Xlog:all=error:stderr -XX:+UseParallelGC "-Xmx%HEAP%m" -XX:MaxNewSize=96m ^
  "-Dorg.bytedeco.javacpp.maxbytes=%ARRAYS%m" -Dorg.bytedeco.javacpp.maxphysicalbytes=0 -Djava.awt.headless=true -Dfile.encoding=UTF-8 ^
  "-Dhiervl.home=%HOME_OF_HIERVL%" "-Dhiervl.kernels=%HIERVL_KERNELS%" %HIERVL_JAVA_OPTS% -cp "%HOME_OF_HIERVL%\lib\*" io.hiervl.cli.Main %*
exit /b %ERRORLEVEL%
