"""What tests share: processes, people, pictures, harnesses."""
