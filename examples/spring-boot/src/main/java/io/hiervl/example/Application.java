package io.hiervl.example;

import io.hiervl.predict.Segmenter;
import java.nio.file.Path;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** A service that says what photos show. */
@SpringBootApplication
public class Application {
    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    /** One for all requests; it is closed with the service, after the photo in work. */
    @Bean(destroyMethod = "close")
    Segmenter segmenter(@Value("${hiervl.model}") Path model, @Value("${hiervl.threads}") int threads,
                        @Value("${hiervl.photo-pixels}") long pixels, @Value("${hiervl.timeout}") Duration timeout) {
        return Segmenter.builder().threads(threads).pixelLimit(pixels).timeout(timeout).load(model);
    }
}
