"""What runs on the clusters: services, tasks, containers and the engines' images."""
