"""Faces: thin layers over one public function each."""
