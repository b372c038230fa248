package io.hiervl.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** cuBLAS is found where packages put it. */
class BlasFilesTest {
    @TempDir
    Path dir;

    private String file(String name) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.createFile(file).toString();
    }

    @Test
    void packagesOfPipAndConda() throws IOException {
        String pip12 = file("venv/lib/python3.11/site-packages/nvidia/cublas/lib/libcublas.so.12");
        String pip13 = file("venv/lib/python3.11/site-packages/nvidia/cu13/lib/libcublas.so.13");
        file("venv/lib/python3.11/site-packages/nvidia/cublas/lib/libcublasLt.so.12");
        file("venv/lib/python3.11/site-packages/nvidia/cublas/lib/libcublas.so.10");
        String conda = file("conda/lib/libcublas.so.11");
        String user = file("home/.local/lib/python3.9/site-packages/nvidia/cublas/lib/libcublas.so.12");
        Map<String, String> environment = Map.of("VIRTUAL_ENV", dir.resolve("venv").toString(), "CONDA_PREFIX",
            dir.resolve("conda").toString(), "CUDA_HOME", "/somewhere/cuda");
        List<String> all = BlasFiles.candidates(environment::get, dir.resolve("home"), false);
        assertEquals(List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so.11"), all.subList(0, 3));
        assertTrue(all.contains("/somewhere/cuda/lib64/libcublas.so.12"), all.toString());
        assertEquals(List.of(conda, pip13, pip12, user), all.subList(all.size() - 4, all.size()));
    }

    @Test
    void windows() throws IOException {
        String pip = file("venv/Lib/site-packages/nvidia/cublas/bin/cublas64_12.dll");
        String conda = file("conda/Library/bin/cublas64_12.dll");
        Map<String, String> environment = Map.of("VIRTUAL_ENV", dir.resolve("venv").toString(), "CONDA_PREFIX",
            dir.resolve("conda").toString(), "CUDA_PATH", "C:\\CUDA");
        List<String> all = BlasFiles.candidates(environment::get, dir, true);
        assertTrue(all.contains("C:\\CUDA\\bin\\cublas64_11.dll"), all.toString());
        assertEquals(List.of(conda, pip), all.subList(all.size() - 2, all.size()));
    }
}
