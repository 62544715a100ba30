//! What is tried in an image before work is begun in it: our runner, and the programs of agents.

use actors::ports::engine::{Sought, StartError};
use events::container::Class;
use events::settings::ContainerLimits;

use super::{DockerEngine, image, probe};

impl DockerEngine {
    /// Makes sure that a project's own image is there and that the runner works in it, once for
    /// each image.
    pub(super) async fn try_image(&self, image: &str) -> Result<(), StartError> {
        let mut tried = self.tried.lock().await;
        if tried.contains(image) {
            return Ok(());
        }

        if !image::has(&self.docker, image)
            .await
            .map_err(|e| StartError::failed(Class::Image, format!("{e:#}")))?
        {
            image::pull(&self.docker, image)
                .await
                .map_err(|e| StartError::failed(Class::Image, format!("{e:#}")))?;
        }
        let works = probe::runner_works(&self.docker, &self.instance, image, &self.binaries).await;
        works.map_err(|e| StartError::failed(Class::Image, format!("{e:#}")))?;
        tried.insert(image.to_owned());

        Ok(())
    }

    /// A program, as a shell in the image of these limits finds it.
    pub(super) async fn sought(
        &self,
        limits: &ContainerLimits,
        program: &str,
    ) -> Result<Sought, StartError> {
        if let Some(image) = &limits.image {
            self.try_image(image).await?;
        }

        let image = limits.image.as_deref().unwrap_or(&self.image);

        // One trial at a time: their containers have one name, so that what a killed server left is
        // found.
        let _turn = self.tried.lock().await;

        let finds = probe::finds(&self.docker, &self.instance, image, &self.binaries, program);
        match finds.await {
            Ok(true) => Ok(Sought::Found),
            Ok(false) => Ok(Sought::Missing {
                advice: format!(
                    "is not in the image {image} of the containers, which see nothing of this \
                     machine: build an image that has it and \
                     name it with `project set NAME --image IMAGE`, or serve with --engine \
                     process, whose containers find this \
                     machine's programs"
                ),
            }),
            Err(error) => Err(StartError::failed(Class::Trial, format!("{error:#}"))),
        }
    }
}
