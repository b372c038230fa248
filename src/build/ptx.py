#!/usr/bin/env python3
"""Compiles src/main/cuda to src/main/resources/io/hiervl/backend/cuda/kernels.ptx. Needs neither a GPU nor a driver.

    pip install nvidia-cuda-nvrtc-cu11==11.8.89
    python3 src/build/ptx.py

NVRTC 11.8 writes PTX 7.8, which every driver from R520 on reads. The first line of the result holds the hash of the sources.
"""
import ctypes
import glob
import hashlib
import os
import sys
import sysconfig

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TARGET = os.path.join(ROOT, "src/main/resources/io/hiervl/backend/cuda/kernels.ptx")
OPTIONS = [b"--gpu-architecture=compute_80", b"--std=c++17"]


def library():
    """NVRTC as named by the first argument, or that of this Python's packages."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    found = glob.glob(os.path.join(sysconfig.get_paths()["purelib"], "nvidia/cuda_nvrtc/lib/libnvrtc.so.11*"))
    if not found:
        sys.exit("NVRTC 11.8 is not installed: pip install nvidia-cuda-nvrtc-cu11==11.8.89")
    return found[0]


def sources():
    """All kernels as one text, file by file in the order of their names."""
    names = sorted(glob.glob(os.path.join(ROOT, "src/main/cuda/*.cu")))
    return b"".join(open(name, "rb").read() for name in names)


def main():
    folder = os.path.dirname(library())
    for builtins in glob.glob(os.path.join(folder, "libnvrtc-builtins.so*")):
        ctypes.CDLL(builtins, mode=ctypes.RTLD_GLOBAL)
    nvrtc = ctypes.CDLL(library())
    text = sources()
    prologue = b"#define DYNAMIC_SHARED(type, name) extern __shared__ type name[]\n"
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), prologue + text, b"kernels.cu", 0, None, None)
    error = nvrtc.nvrtcCompileProgram(program, len(OPTIONS), (ctypes.c_char_p * len(OPTIONS))(*OPTIONS))
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    if log.value:
        print(log.value.decode(), file=sys.stderr)
    if error:
        sys.exit(f"NVRTC error {error}")
    nvrtc.nvrtcGetPTXSize(program, ctypes.byref(size))
    ptx = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetPTX(program, ptx)
    os.makedirs(os.path.dirname(TARGET), exist_ok=True)
    with open(TARGET, "wb") as out:
        out.write(b"// sources " + hashlib.sha256(text).hexdigest().encode() + b"\n" + ptx.value)
    print(f"{TARGET}: {ptx.value.count(b'.entry')} kernels, {len(ptx.value)} bytes")


if __name__ == "__main__":
    main()
